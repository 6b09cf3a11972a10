"""What tests share: cases, oracles and hand-made tables."""
