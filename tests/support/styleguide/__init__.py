"""The style guide with a made-up person and no database, for looking and for the browser tests.

``python -m tests.support.styleguide`` serves it on http://localhost:6599; what it shows stands in
`examples.py` beside this.
"""
