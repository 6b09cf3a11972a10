"""From records to tables, one per file: `make(records, statistics) -> DataFrame`."""
