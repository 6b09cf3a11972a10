"""Mathematics of gradient estimates and optimizer steps."""
