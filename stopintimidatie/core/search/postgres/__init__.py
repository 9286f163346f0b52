"""The search engine that keeps its index in PostgreSQL."""
