"""Figures drawn from tables, one module per figure.

Each module has a function `draw(tables, *subjects) -> Figure`, which gets the tables by name and
the names of the jobs to show. No figure reruns an experiment. Modules without this function are
shared by the others. A module declares, as literals that `dirgrad.config.declarations` reads
without importing it:

- `TABLES`: the tables that it needs; `landscape` is a file of records.
- `FIGURES`: its figures, each with the jobs that it shows (`kind/name`, such as `training/mlp`), or
  none if it shows all. A figure with subjects needs only their records.
- `WITH_EXPERIMENTS`: whether the experiments with the names of these jobs' problems belong to the
  figure too; optional.
- `EACH`: instead of `FIGURES`, the kind of experiment that has a figure `MODULE_EXPERIMENT` each.
- `ANY`: the kind of experiment without which its figures are not drawn; optional.
- `ONE_FRAMEWORK`: whether its figures show one framework, JAX if their tables have it; optional.
  Other figures compare the frameworks, and are also drawn for each of them.
- `SWEEP`: whether the jobs of its figures are points of a sweep, optional. A figure `EACH` of such
  an experiment is not in the report, and `dirgrad figure` still draws it by name.
- `CATEGORY`: its category in the report.
- `TITLE`, `CAPTION` and `ALT`: its title, its caption and a description for readers who cannot see.
"""

import os

# matplotlib reads this variable when it is imported. A notebook sets it to a backend of its own,
# and hands it on to every command. The figures need no window.
os.environ["MPLBACKEND"] = "agg"
