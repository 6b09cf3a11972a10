"""Distributions of random vectors v with E[v v^T] = I, one per file."""
