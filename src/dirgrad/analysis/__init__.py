"""Tables made from records, and verdicts made from tables."""
