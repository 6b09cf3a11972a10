"""Primitives and engine in JAX."""
