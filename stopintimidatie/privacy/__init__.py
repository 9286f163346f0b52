"""What the privacy officer and the FG do: reading the audit log, and erasing."""
