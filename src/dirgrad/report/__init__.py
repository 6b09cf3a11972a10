"""Figures, HTML pages, README tables and the manifest of a tier."""
