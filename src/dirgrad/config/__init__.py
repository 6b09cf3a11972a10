"""From configuration files to jobs."""
