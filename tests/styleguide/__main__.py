"""Serve the style guide."""

from waitress import serve

from tests.styleguide.app import make_app

serve(make_app(), host="127.0.0.1", port=6599)
