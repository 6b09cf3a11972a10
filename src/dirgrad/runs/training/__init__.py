"""Training: the code that turns a cell into the records of its trials."""
