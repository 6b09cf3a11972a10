"""Directions to descend along, one kind a file."""
