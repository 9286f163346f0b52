"""The demo: two years of made-up reports and dossiers, the same every time for one seed and day.

`generator.generate` is pure and gives plain values; loading them goes through the services that
people use. Nobody in it exists. Truth about planted hot spots is kept apart from the reports.
"""
