"""Instruments: each module measures its problems, mostly at the start of training."""
