"""What a configuration names by `kind`, one component per file."""
