"""Tests of `reports.handling`."""
