"""Records: the rows that a run leaves in parquet files, and their provenance."""
