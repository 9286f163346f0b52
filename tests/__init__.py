"""Everything that shows the product works."""
