"""The version of the API, on every answer."""

API_VERSION = "1.0.0"
