"""From all that a dossier knows to what one recipient gets. Pure, without a clock."""
