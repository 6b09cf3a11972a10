"""Kinds of runs, one a file: from a cell to its records."""
