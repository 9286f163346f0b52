"""Finding a person: every trace of somebody, for the case of a request."""
