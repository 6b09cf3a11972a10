"""Evidence for and against claims, read from tables; one file per kind of table."""
