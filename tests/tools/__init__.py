"""Programs that the tests use to look at what the product makes."""
