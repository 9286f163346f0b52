"""Stopintimidatie: the back office for reports of street harassment."""
