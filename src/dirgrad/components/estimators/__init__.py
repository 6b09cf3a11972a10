"""Gradient estimators, one per file."""
