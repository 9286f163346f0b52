"""Child processes with limits, for work on files that strangers send."""
