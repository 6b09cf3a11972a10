"""From tables to figures, one a file: `draw(tables, *subjects) -> Figure`. Nothing here can rerun an experiment."""
