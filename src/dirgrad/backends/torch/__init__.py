"""Primitives and engine in PyTorch."""
