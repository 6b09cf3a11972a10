"""Configuration: from YAML files to jobs and their outputs."""
