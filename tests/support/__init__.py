"""Cases, oracles and hand-made tables that tests share."""
