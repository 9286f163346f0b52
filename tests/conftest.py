"""For every test."""

pytest_plugins = ["tests.echte_gebieden"]
