"""Rules that turn estimates into updates, one a file."""
