"""The copy for a data subject: others are redacted, a second person judges, then it is given."""
