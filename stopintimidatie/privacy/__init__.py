"""The work of the privacy officer and the FG: reading the audit log, and erasing."""
