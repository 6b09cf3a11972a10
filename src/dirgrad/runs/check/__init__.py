"""Checks of one component: its formula, its closed forms, its parity and its cost."""
