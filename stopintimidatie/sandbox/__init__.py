"""Work on what strangers send, in processes that can't take the house down with them."""
