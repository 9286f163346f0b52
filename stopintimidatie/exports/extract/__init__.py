"""From the database to frozen content. Decides nothing."""
