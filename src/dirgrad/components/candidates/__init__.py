"""Candidate directions for directional descent, one kind per file."""
