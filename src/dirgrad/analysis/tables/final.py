"""One row per experiment, backend, estimator, stage and learning rate: how its trials ended."""

from typing import Any

import pandas as pd

from dirgrad.analysis.tables.best import RATE, best_rates
from dirgrad.analysis.tables.summary import Records, scalars
from dirgrad.config.settings import Statistics
from dirgrad.records.schemas import Status

KEYS = [
    *(
        "experiment",
        "problem",
        "backend",
        "estimator",
        "estimator_kind",
        "direction",
        "num_directions",
    ),
    *(
        "optimizer",
        "stage",
        "learning_rate",
        "learning_rate_decay",
        "batch_size",
        "dimension",
        "lanes",
        "threads",
        "exclusive",
    ),
]
VALUES = (
    "final_loss",
    "train_accuracy",
    "valid_loss",
    "valid_accuracy",
    "test_accuracy",
    "support_recovered",
    "step_seconds",
)


def make(records: Records, settings: Statistics) -> pd.DataFrame:
    """Inter-quartile means with bootstrap intervals over the trials that are `ok`; the others are counted. The standard errors
    are of the plain mean, as papers show them. `best_rate` marks, per experiment, backend and estimator, the rate of the lowest
    validation loss (final loss without validation) among the rates of stage `final` at which no trial failed: after tuning, the
    only one."""
    trials = records["trials"]
    groups = trials.groupby(KEYS, sort=False, dropna=False)
    table = pd.DataFrame(
        [dict(zip(KEYS, key, strict=True)) | _row(group, settings) for key, group in groups]
    )
    marked = table.merge(best_rates(trials).assign(best_rate=True), on=RATE, how="left")
    return marked.assign(best_rate=marked["best_rate"].notna())


def _row(group: pd.DataFrame, settings: Statistics) -> dict[str, Any]:
    counts = {f"n_{status}": int((group["status"] == status).sum()) for status in Status}
    row: dict[str, Any] = {
        "n_seeds": len(group),
        **counts,
        "evaluations": group["evaluations"].max(),
    }
    ok = group[group["status"] == Status.OK]
    for name in VALUES:
        row |= scalars(name, ok[name].dropna().to_numpy(), settings) | {
            f"{name}_standard_error": ok[name].astype(float).sem()
        }
    return row | {"compile_seconds": group["compile_seconds"].median()}
