"""Records written by hand, with numbers so simple that a test can state the expected table."""

from collections.abc import Iterable
from typing import Any

import pandas as pd

from dirgrad.config.settings import Statistics
from dirgrad.records import files, schemas

Row = dict[str, Any]
Records = dict[str, pd.DataFrame]

QUICK = Statistics(resamples=50)
"""Statistics with few resamples, so that a bootstrap is fast."""

TRIAL: Row = {
    "experiment": "mlp",
    "problem": "mlp",
    "backend": "jax",
    "estimator": "backprop",
    "estimator_kind": "backprop",
    "direction": "",
    "num_directions": 1,
    "optimizer": "sgd",
    "stage": "final",
    "learning_rate": 0.1,
    "learning_rate_decay": 0.0,
    "batch_size": 8,
    "seed": 0,
    "dimension": 3,
    "precision": "float32",
    "lanes": 2,
    "status": "ok",
    "reason": "",
    "steps": 4,
    "horizon_steps": 4,
    "evaluations": 4,
    "final_loss": 1.0,
    "train_accuracy": 0.5,
    "valid_loss": 1.0,
    "valid_accuracy": 0.5,
    "test_loss": 1.0,
    "test_accuracy": 0.5,
    "train_seconds": 1.0,
    "step_seconds": 0.25,
    "compile_seconds": 2.0,
    "threads": 1,
    "exclusive": False,
}
"""A trial with a value in each column that the table `final` reads."""

POINT: Row = {
    "experiment": "mlp",
    "backend": "jax",
    "estimator": "backprop",
    "stage": "final",
    "learning_rate": 0.1,
    "seed": 0,
    "step": 0,
    "train_seconds": 0.0,
    "loss": 1.0,
    "valid_loss": 1.0,
    "valid_accuracy": 0.5,
}
"""A record point of `TRIAL`."""

NOT_VALIDATED: Row = {
    "valid_loss": None,
    "valid_accuracy": None,
    "train_accuracy": None,
    "test_accuracy": None,
}
"""Columns of a trial that has neither validation data nor accuracies."""

WORKLOAD: Row = {
    "backend": "jax",
    "problem": "mlp",
    "problem_kind": "mlp",
    "dimension": 1_863_690,
    "depth": 3,
    "batch_size": 64,
    "threads": 1,
}
"""Columns of a measurement of the perceptron in the paper of Baydin et al."""


def frame(kind: str, rows: Iterable[Row]) -> pd.DataFrame:
    """Return rows as records of one kind; columns without a value are null."""
    table: pd.DataFrame = files.to_table(rows, schemas.SCHEMAS[kind]).to_pandas()
    return table


def no_records() -> Records:
    """Return records of each kind without rows."""
    return {kind: frame(kind, []) for kind in schemas.SCHEMAS}


def trial_records(*rows: Row) -> pd.DataFrame:
    """Return one trial per row; the other columns are as in `TRIAL`."""
    return frame("trials", [TRIAL | row for row in rows])


def curve_records(*rows: Row) -> pd.DataFrame:
    """Return one record point per row; the other columns are as in `POINT`."""
    return frame("curves", [POINT | row for row in rows])


def trials_at_rate(rate: float, *losses: float, **columns: Any) -> list[Row]:
    """Return one row per final loss, with seeds 0, 1, ... and the other columns in all rows."""
    return [
        {"learning_rate": rate, "seed": seed, "final_loss": loss} | columns
        for seed, loss in enumerate(losses)
    ]


def cost_records() -> pd.DataFrame:
    """Return two rounds of timings; the second round takes twice as long as the first.

    In units of the loss function, an estimate takes 3 with backprop and 2 with the forward
    gradient. A step takes 4 with both. The second timing of the loss function takes 1.1.
    """
    rows = [*_timings("forward", None, 1.0, 2.0), *_timings("forward_again", None, 1.1, 2.2)]
    for estimator, factor in (("backprop", 3.0), ("forward_gradient", 2.0)):
        rows += _timings("gradient", estimator, factor, 2 * factor)
        rows += _timings("step", estimator, 4.0, 8.0)
    return frame("cost", rows)


def _timings(part: str, estimator: str | None, *seconds: float) -> list[Row]:
    """Return one row per round, with the seconds per call."""
    timing = {
        "cost": "baydin",
        "part": part,
        "estimator": estimator,
        "estimator_kind": estimator,
        "precision": "float32",
        "calls": 1,
    }
    return [
        WORKLOAD | timing | {"round": number, "seconds": duration}
        for number, duration in enumerate(seconds)
    ]
