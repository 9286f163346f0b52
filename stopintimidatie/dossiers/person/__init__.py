"""Person-directed dossiers: ground, proportionality, review date, informing, and advice."""
