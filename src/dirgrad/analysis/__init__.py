"""From records to tables, and from tables to verdicts."""
