"""All components on one page, for looking at them and for the browser tests; never in production.

``python -m tests.support.styleguide`` serves it on http://localhost:6599.
"""
