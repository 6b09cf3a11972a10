"""Table `equal_loss`: test accuracy compared with backprop at equal training loss.

It answers whether an estimator that reaches a low loss also performs well on the test data.
"""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from dirgrad.analysis.column_roles import ColumnRoles
from dirgrad.analysis.samples import bounded_samples
from dirgrad.analysis.tables.best import ESTIMATOR_KEYS, RATE_KEYS, compared_rates
from dirgrad.analysis.tables.crossing import Bracket, crossing
from dirgrad.analysis.tables.summary import Records, bracketed, bracketed_ratio, scalars
from dirgrad.config.settings import Statistics
from dirgrad.records.schemas import TrialStatus

RECORDS = ("trials", "curves")
READABLE = True
CAPTION = "Test accuracy relative to backprop at equal training loss, paired by seed."

BRACKETED = ("test_accuracy", "backprop_test_accuracy", "difference", "steps_over_backprop")
VALUES = ("equal_loss", *BRACKETED)
UNKNOWN = {"equal_loss": np.nan}
UNKNOWN |= {f"{name}_from": -np.inf for name in BRACKETED}
UNKNOWN |= {f"{name}_to": np.inf for name in BRACKETED}
"""Values of a pair of trials if one of them failed."""
ACCURACY_PRECISION = 0.01
"""Largest distance between the bounds of an accuracy that counts as a number."""
COLUMN_ROLES = ColumnRoles(
    facets=("backend", "experiment", "estimator"),
    plain=(*ESTIMATOR_KEYS, "n"),
    sampled=VALUES,
    ratios=("equal_loss", "steps_over_backprop"),
    to_target=BRACKETED,
)


def make(records: Records, settings: Statistics) -> pd.DataFrame:
    """Return one row per experiment, backend and estimator other than backprop.

    Each estimator and backprop run at their best learning rates, or else at the rate with the
    fewest failed trials. Trials are paired by seed. A pair with a failed trial has no bounds.
    Otherwise both are compared where their training loss first reaches `equal_loss`, the higher of
    their two final losses, which both have reached.

    test_accuracy, backprop_test_accuracy: accuracies at this point. It lies between two record
        points, whose accuracies are the bounds.
    difference: `test_accuracy` minus `backprop_test_accuracy`.
    steps_over_backprop: ratio of the steps to this point.

    Values are inter-quartile means with bootstrap intervals over the `n` pairs. NAME_from and
    NAME_to are the means of the bounds. The mean of an accuracy or of a difference is null if its
    bounds are more than 0.01 apart; the ratio of steps is null if they are more than 10 % apart.
    """
    trials = records["trials"]
    estimators = trials.drop_duplicates("estimator").set_index("estimator")
    kinds: pd.Series[Any] = estimators["estimator_kind"]
    compared = compared_rates(trials)
    curves = records["curves"].merge(compared, on=RATE_KEYS)
    curves = curves[curves["test_accuracy"].notna()]
    is_backprop = curves["estimator"].map(kinds) == "backprop"
    failed = trials[trials["status"] != TrialStatus.OK].merge(compared, on=RATE_KEYS)
    rows = []
    for key, group in curves.groupby(ESTIMATOR_KEYS, sort=False):
        experiment, backend, estimator = map(str, key)
        in_cell = (curves["experiment"] == experiment) & (curves["backend"] == backend)
        backprop = curves[in_cell & is_backprop]
        if kinds[estimator] != "backprop" and len(backprop):
            is_pair = (failed["estimator"] == estimator) | (failed["estimator_kind"] == "backprop")
            is_here = (failed["experiment"] == experiment) & (failed["backend"] == backend)
            lost = {*failed.loc[is_pair & is_here, "seed"]}
            pairs = _pairs(group, backprop, lost)
            row = dict(zip(ESTIMATOR_KEYS, key, strict=True))
            rows.append(row | _summary(pairs, settings))
    return pd.DataFrame(rows, columns=None if rows else [*ESTIMATOR_KEYS, "n", *VALUES])


class Point(NamedTuple):
    """The point of a curve at which a training loss is first reached.

    Attributes:
        steps: Bounds of the steps to this point.
        accuracy: Bounds of the test accuracy at this point.
    """

    steps: Bracket
    accuracy: Bracket


def _pairs(curves: pd.DataFrame, backprop: pd.DataFrame, lost: set[int]) -> pd.DataFrame:
    """Return one row per seed for which both have a curve, with the bounds of each value.

    Nothing is known of the seeds `lost`, at which a trial failed.
    """
    by_seed = dict(iter(backprop.groupby("seed")))
    pairs: dict[Any, dict[str, float]] = {}
    for seed, curve in curves.groupby("seed"):
        if seed in by_seed:
            pairs[seed] = UNKNOWN if seed in lost else _pair(curve, by_seed[seed])
    return pd.DataFrame.from_dict(pairs, orient="index")


def _pair(curve: pd.DataFrame, backprop: pd.DataFrame) -> dict[str, float]:
    """Return the bounds of the values of two curves of one seed."""
    level = max(curve["loss"].iloc[-1], backprop["loss"].iloc[-1])
    own, other = _at_level(curve, level), _at_level(backprop, level)
    accuracies = own.accuracy, other.accuracy
    difference = (accuracies[0].low - accuracies[1].high, accuracies[0].high - accuracies[1].low)
    with np.errstate(divide="ignore", invalid="ignore"):
        steps = np.divide(own.steps, other.steps[::-1])
    values = dict(zip(BRACKETED, (*accuracies, difference, steps), strict=True))
    row = {"equal_loss": float(level)}
    for name, (low, high) in values.items():
        row |= {f"{name}_from": float(low), f"{name}_to": float(high)}
    return row


def _at_level(curve: pd.DataFrame, level: float) -> Point:
    """Return the point where the training loss of a curve first reaches a level."""
    recorded = curve["step"].to_numpy()
    steps = crossing(recorded, curve["loss"].to_numpy(), level)
    last = int(np.searchsorted(recorded, steps.high))
    accuracies = curve["test_accuracy"].to_numpy()[max(last - 1, 0) : last + 1]
    if steps.low == steps.high:
        # The point is a record point.
        accuracies = accuracies[-1:]
    return Point(steps, Bracket(float(accuracies.min()), float(accuracies.max())))


def _summary(pairs: pd.DataFrame, settings: Statistics) -> dict[str, Any]:
    row: dict[str, Any] = {"n": len(pairs)}
    row |= scalars("equal_loss", pairs["equal_loss"], settings)
    for name in BRACKETED:
        samples = bounded_samples(pairs[f"{name}_from"], pairs[f"{name}_to"])
        if name in COLUMN_ROLES.ratios:
            row |= bracketed_ratio(name, samples, settings)
        else:
            row |= bracketed(name, samples, ACCURACY_PRECISION, settings)
    return row
