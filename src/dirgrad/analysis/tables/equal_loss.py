"""Table `equal_loss`: test accuracy compared with backprop at equal training loss.

It answers whether an estimator that reaches a low loss also performs well on the test data.
"""

from typing import Any

import numpy as np
import pandas as pd

from dirgrad.analysis.column_roles import ColumnRoles
from dirgrad.analysis.tables.best import ESTIMATOR_KEYS, at_best_rates
from dirgrad.analysis.tables.crossing import crossing
from dirgrad.analysis.tables.summary import Records, scalars
from dirgrad.config.settings import Statistics
from dirgrad.records.schemas import TrialStatus

RECORDS = ("trials", "curves")
READABLE = True
CAPTION = "Test accuracy relative to backprop at equal training loss, paired by seed."

VALUES = (
    "equal_loss",
    "test_accuracy",
    "backprop_test_accuracy",
    "difference",
    "steps_over_backprop",
)
COLUMN_ROLES = ColumnRoles(
    facets=("backend", "experiment", "estimator"),
    plain=(*ESTIMATOR_KEYS, "n"),
    sampled=VALUES,
    ratios=("equal_loss", "steps_over_backprop"),
)


def make(records: Records, settings: Statistics) -> pd.DataFrame:
    """Return one row per experiment, backend and estimator other than backprop.

    Each estimator and backprop run at their best learning rates. Trials are paired by seed. Both
    are compared where their training loss first reaches `equal_loss`, the higher of their two
    final losses, which both have reached.

    test_accuracy, backprop_test_accuracy: accuracies at this point.
    difference: `test_accuracy` minus `backprop_test_accuracy`.
    steps_over_backprop: ratio of the steps to this point.

    Values are inter-quartile means with bootstrap intervals over the `n` pairs.
    """
    trials = records["trials"]
    estimators = trials.drop_duplicates("estimator").set_index("estimator")
    kinds: pd.Series[Any] = estimators["estimator_kind"]
    ok = trials[trials["status"] == TrialStatus.OK]
    curves = at_best_rates(records["curves"], ok)
    curves = curves[curves["test_accuracy"].notna()]
    is_backprop = curves["estimator"].map(kinds) == "backprop"
    rows = []
    for key, group in curves.groupby(ESTIMATOR_KEYS, sort=False):
        experiment, backend, estimator = map(str, key)
        in_cell = (curves["experiment"] == experiment) & (curves["backend"] == backend)
        backprop = curves[in_cell & is_backprop]
        if kinds[estimator] != "backprop" and len(backprop):
            pairs = _pairs(group, backprop)
            row = dict(zip(ESTIMATOR_KEYS, key, strict=True))
            rows.append(row | _summary(pairs, settings))
    return pd.DataFrame(rows, columns=None if rows else [*ESTIMATOR_KEYS, "n", *VALUES])


def _pairs(curves: pd.DataFrame, backprop: pd.DataFrame) -> pd.DataFrame:
    """Return one row per seed for which both have a curve."""
    by_seed = dict(iter(backprop.groupby("seed")))
    pairs = []
    for seed, curve in curves.groupby("seed"):
        if seed in by_seed:
            pairs.append(_pair(curve, by_seed[seed]))
    return pd.DataFrame(pairs, columns=[*VALUES])


def _pair(curve: pd.DataFrame, backprop: pd.DataFrame) -> dict[str, float]:
    """Return the values of two curves of one seed."""
    level = max(curve["loss"].iloc[-1], backprop["loss"].iloc[-1])
    accuracy, steps = _at_level(curve, level)
    backprop_accuracy, backprop_steps = _at_level(backprop, level)
    return {
        "equal_loss": level,
        "test_accuracy": accuracy,
        "backprop_test_accuracy": backprop_accuracy,
        "difference": accuracy - backprop_accuracy,
        "steps_over_backprop": steps / backprop_steps if backprop_steps else np.nan,
    }


def _at_level(curve: pd.DataFrame, level: float) -> tuple[float, float]:
    """Return test accuracy and step where the training loss of a curve first reaches a level."""
    step = crossing(curve["step"].to_numpy(), curve["loss"].to_numpy(), level)
    accuracy = np.interp(step, curve["step"], curve["test_accuracy"])
    return float(accuracy), step


def _summary(pairs: pd.DataFrame, settings: Statistics) -> dict[str, Any]:
    row: dict[str, Any] = {"n": len(pairs)}
    for name in VALUES:
        row |= scalars(name, pairs[name].dropna().to_numpy(), settings)
    return row
