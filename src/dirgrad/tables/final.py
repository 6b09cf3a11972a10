"""One row per experiment, backend, estimator, stage and learning rate: how its trials ended."""

from typing import Any

import pandas as pd

from dirgrad.config import Statistics
from dirgrad.records import Stage, Status
from dirgrad.tables import columns

KEYS = [
    *("experiment", "problem", "backend", "estimator", "estimator_kind", "direction", "directions_k"),
    *("optimizer", "stage", "learning_rate", "learning_rate_decay", "batch_size", "dimension", "lanes", "threads", "exclusive"),
]
VALUES = ("final_loss", "train_accuracy", "valid_loss", "valid_accuracy", "test_accuracy", "step_seconds")
CELL = ["experiment", "backend", "estimator"]


def make(trials: pd.DataFrame, curves: pd.DataFrame, settings: Statistics) -> pd.DataFrame:
    """Inter-quartile means with bootstrap intervals over the trials that are `ok`; the others are counted. `best_rate`
    marks, per experiment, backend and estimator, the rate of the lowest validation loss (final loss without validation)
    among the rates of stage `final` at which no trial failed: after tuning, the only one."""
    rows = [
        dict(zip(KEYS, key, strict=True)) | _row(group, settings) for key, group in trials.groupby(KEYS, sort=False, dropna=False)
    ]
    table = pd.DataFrame(rows)
    judged = (
        table["valid_loss"].fillna(table["final_loss"]).where((table["n_ok"] == table["n_seeds"]) & (table["stage"] == Stage.FINAL))
    )
    best = judged.groupby([table[name] for name in CELL]).transform("min")
    return table.assign(best_rate=judged.notna() & (judged == best))


def _row(group: pd.DataFrame, settings: Statistics) -> dict[str, Any]:
    counts = {f"n_{status}": int((group["status"] == status).sum()) for status in Status}
    row: dict[str, Any] = {"n_seeds": len(group), **counts, "evaluations": group["evaluations"].max()}
    ok = group[group["status"] == Status.OK]
    for name in VALUES:
        row |= {key: float(value) for key, value in columns(name, ok[name].dropna().to_numpy(), settings).items()}
    return row | {"compile_seconds": group["compile_seconds"].median()}
