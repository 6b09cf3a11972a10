"""The mathematics of an estimate and of an optimizer step."""
