"""Tables, one module per table. Each has `make(records, settings) -> DataFrame`."""
