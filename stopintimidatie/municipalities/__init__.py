"""All that is known of, set by and agreed with a municipality."""
