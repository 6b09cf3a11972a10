"""Components that a configuration names by `kind`, one per file."""
