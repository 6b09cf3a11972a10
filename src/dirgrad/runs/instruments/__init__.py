"""Instruments, one per file: each measures its problems at the start of training."""
