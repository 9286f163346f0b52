"""The JSON API for the app: what comes in, strictly checked, and what goes back."""
