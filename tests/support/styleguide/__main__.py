"""Serve the style guide."""

from wsgiref.simple_server import make_server

from tests.support.styleguide.app import make_app

make_server("127.0.0.1", 6599, make_app()).serve_forever()
