"""The report: what was said, what is known about it, and what may happen to it."""
