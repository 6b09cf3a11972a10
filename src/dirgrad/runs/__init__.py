"""Training and instruments: the code that turns jobs into records."""
