"""Evidence for and against claims, read from tables; one module per kind of table."""
