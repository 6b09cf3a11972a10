"""From tables to figures, one a file: `draw(tables, experiment) -> Figure`. Nothing here can rerun an experiment."""
