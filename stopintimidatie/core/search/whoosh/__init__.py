"""The search engine that keeps its index in files of Whoosh, on one machine."""
