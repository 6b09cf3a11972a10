"""Estimators of the gradient, one a file."""
