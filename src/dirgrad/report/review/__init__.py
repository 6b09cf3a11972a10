"""Pages and archives for a reviewer: what reproduces each claim, and a pack of all results."""
