"""One row per experiment, backend and estimator: its test accuracy beside backprop's at equal training loss, and the steps that
both took to it. Is a low loss good performance?"""

from typing import Any

import numpy as np
import pandas as pd

from dirgrad.analysis.tables.best import CELL, at_best_rates
from dirgrad.analysis.tables.crossing import crossing
from dirgrad.analysis.tables.summary import Records, scalars
from dirgrad.config.settings import Statistics
from dirgrad.records.schemas import Status

VALUES = (
    "equal_loss",
    "test_accuracy",
    "backprop_test_accuracy",
    "difference",
    "steps_over_backprop",
)


def make(records: Records, settings: Statistics) -> pd.DataFrame:
    """Paired by seed: the level is the higher of the two final training losses, so that both have been there; `difference` is the
    estimator's test accuracy less backprop's, where each first came down to it."""
    trials = records["trials"]
    kinds: pd.Series[Any] = trials.drop_duplicates("estimator").set_index("estimator")[
        "estimator_kind"
    ]
    curves = at_best_rates(records["curves"], trials[trials["status"] == Status.OK])
    curves = curves[curves["test_accuracy"].notna()]
    rows = []
    for key, group in curves.groupby(CELL, sort=False):
        experiment, backend, estimator = map(str, key)
        base = curves[(curves["experiment"] == experiment) & (curves["backend"] == backend)]
        base = base[base["estimator"].map(kinds) == "backprop"]
        if kinds[estimator] != "backprop" and len(base):
            pairs = _pairs(group, base)
            rows.append(
                dict(zip(CELL, key, strict=True)) | {"n": len(pairs)} | _summary(pairs, settings)
            )
    return pd.DataFrame(rows, columns=None if rows else [*CELL, "n", *VALUES])


def _pairs(group: pd.DataFrame, base: pd.DataFrame) -> pd.DataFrame:
    theirs = dict(iter(base.groupby("seed")))
    return pd.DataFrame(
        [_pair(own, theirs[seed]) for seed, own in group.groupby("seed") if seed in theirs],
        columns=[*VALUES],
    )


def _pair(own: pd.DataFrame, theirs: pd.DataFrame) -> dict[str, float]:
    level = max(own["loss"].iloc[-1], theirs["loss"].iloc[-1])
    (accuracy, steps), (backprop_accuracy, backprop_steps) = (
        _there(curve, level) for curve in (own, theirs)
    )
    ratio = steps / backprop_steps if backprop_steps else np.nan
    return dict(
        zip(
            VALUES,
            (level, accuracy, backprop_accuracy, accuracy - backprop_accuracy, ratio),
            strict=True,
        )
    )


def _there(curve: pd.DataFrame, level: float) -> tuple[float, float]:
    """Test accuracy and step where a curve first comes down to a level."""
    step = crossing(curve["step"].to_numpy(), curve["loss"].to_numpy(), level)
    return float(np.interp(step, curve["step"], curve["test_accuracy"])), step


def _summary(pairs: pd.DataFrame, settings: Statistics) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for name in VALUES:
        row |= scalars(name, pairs[name].dropna().to_numpy(), settings)
    return row
