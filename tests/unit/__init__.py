"""Tests of single pieces."""
