"""Optimizers, which turn gradient estimates into parameter updates, one per file."""
