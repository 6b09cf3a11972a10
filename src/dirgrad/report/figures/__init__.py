"""Figures drawn from tables, one module per figure.

Each module has a function `draw(tables, *subjects) -> Figure`. No figure reruns an experiment.
"""
