"""Table `scaling`: powers with which the evaluations to a target grow, one number at a time."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy import special

from dirgrad.analysis.column_roles import ColumnRoles
from dirgrad.analysis.samples import Samples
from dirgrad.analysis.tables.best import ESTIMATOR_KEYS
from dirgrad.analysis.tables.families import ABSCISSAS, SHARED, Family, families
from dirgrad.analysis.tables.summary import Records, bracketed, with_all_columns
from dirgrad.analysis.tables.sweeps import evaluations_theory
from dirgrad.config.settings import Statistics

RECORDS = ("trials", "curves")
READABLE = True
CAPTION = """
Growth of the loss evaluations to a target, as a power of one number: the dimension, the nonzero
coefficients of the solution, the directions per step, or the support of a direction. The power is
the mean over seeds of the slope of a straight line through logarithms. A small p-value of the lack
of fit means that no power law fits, so that the power depends on the range. With hard
thresholding, the optimizer keeps twice as many coefficients as the solution has.
"""

POWERS = ("slope", "last_slope", "curvature")
WIDEST = 0.05
"""Largest distance between the bounds of a power that counts as a number."""
COLUMNS = (
    "abscissa",
    *SHARED,
    "estimator",
    *ABSCISSAS,
    "points",
    "lowest",
    "highest",
    "n",
    "n_incomplete",
    "n_trials",
    "n_reached",
    "lack_of_fit",
    "slope_theory",
    "last_slope_theory",
    "reason",
)
COLUMN_ROLES = ColumnRoles(
    facets=("backend", "optimizer", "estimator_kind", "direction", "abscissa"),
    keys=("problem", "target_loss", *ABSCISSAS),
    plain=COLUMNS,
    sampled=POWERS,
    to_target=POWERS,
    names={"abscissa": ABSCISSAS},
    folders={"problem": "problems"},
)


class Efforts(NamedTuple):
    """Bounds of the efforts of a family, with one row per seed and one column per abscissa.

    Attributes:
        seeds: Seeds that have a trial at every abscissa, (n,).
        x: Abscissas, ascending, (m,).
        low: Lower bounds, (n, m).
        high: Upper bounds; infinite where a trial missed the target, (n, m).
    """

    seeds: np.ndarray
    x: np.ndarray
    low: np.ndarray
    high: np.ndarray


def make(records: Records, settings: Statistics) -> pd.DataFrame:
    """Return one row per abscissa and family of trials (see `families`).

    points, lowest, highest: number of different abscissas, the smallest and the largest.
    n, n_incomplete: number of seeds with a trial at every abscissa, and of the other seeds, which
        are left out of the powers.
    n_trials, n_reached: number of trials, and of trials that reached the target.
    slope: power p in evaluations ~ x^p. For each seed it is the slope of the least-squares line
        through the logarithms. The table has the inter-quartile mean over seeds, with its bootstrap
        interval.
    last_slope: power between the two largest abscissas.
    curvature: coefficient c of the least-squares parabola in log x. The local power rises by
        2 c log(x / x') from x' to x.
    lack_of_fit: p-value of the hypothesis that the mean logarithms lie on a straight line (see the
        function `lack_of_fit`).
    slope_theory, last_slope_theory: the same powers of `theory.evaluations_scale`.
    reason: reason for the absence of powers; null if there is none.

    A trial that missed the target gives a lower bound of its evaluations. A power is a weighted sum
    of logarithms. It has a lower bound if every such trial has a positive weight, and an upper
    bound if every such trial has a negative weight. For `slope`, the weight is positive where log x
    exceeds its mean over the abscissas. For `last_slope`, it is positive at the largest abscissa.
    The samples of a power are null unless every seed has a lower bound, or every seed an upper one.
    """
    rows = [_row(family, settings) for family in families(records)]
    table = with_all_columns(rows, COLUMN_ROLES)
    return table[[*COLUMN_ROLES.file_columns()]]


def _row(family: Family, settings: Statistics) -> dict[str, Any]:
    trials, abscissa = family.trials, family.abscissa
    x = np.unique([*trials[abscissa], *family.failed])
    row: dict[str, Any] = family.key | {
        "abscissa": abscissa,
        "points": len(x),
        "lowest": x[0],
        "highest": x[-1],
        "n": 0,
        "n_trials": len(trials),
        "n_reached": int(np.isfinite(trials["evaluations_to_target_to"]).sum()),
    }
    reason = _reason(family)
    if reason:
        return row | {"reason": reason}
    efforts = _efforts(trials, abscissa)
    n = len(efforts.seeds)
    row |= {"n": n, "n_incomplete": trials["seed"].nunique() - n}
    weights = power_weights(x)
    for name in POWERS:
        row |= bracketed(name, weighted_sum(efforts, weights[name]), WIDEST, settings)
    points = trials.drop_duplicates(abscissa).sort_values(abscissa)
    scales = np.array([evaluations_theory(trial) for _, trial in points.iterrows()])
    for name in ("slope", "last_slope"):
        row[f"{name}_theory"] = float(weights[name] @ np.log(scales))
    return row | {"lack_of_fit": lack_of_fit(efforts)}


def _reason(family: Family) -> str:
    """Return why a family has no powers, or an empty text."""
    abscissa, trials = family.abscissa, family.trials
    if family.failed:
        where = ", ".join(f"{x:g}" for x in family.failed)
        return f"every rate has a failed trial at {abscissa} {where}"
    cells = trials[[abscissa, *ESTIMATOR_KEYS]].drop_duplicates()
    repeated = cells[cells.duplicated(abscissa, keep=False)].sort_values(abscissa)
    if len(repeated):
        first = repeated[repeated[abscissa] == repeated[abscissa].iloc[0]]
        names = " and ".join(dict.fromkeys(first["experiment"] + " " + first["estimator"]))
        return f"{names} have the same {abscissa} {first[abscissa].iloc[0]:g}"
    if (trials["evaluations_to_target_to"] == 0).any():
        return "a trial is at the target before its first step"
    if _efforts(trials, abscissa).seeds.size == 0:
        return f"no seed has a trial at every {abscissa}"
    return ""


def _efforts(trials: pd.DataFrame, abscissa: str) -> Efforts:
    bounds = {}
    for end in ("from", "to"):
        column = f"evaluations_to_target_{end}"
        bounds[end] = trials.pivot(index="seed", columns=abscissa, values=column).dropna()
    low, high = bounds["from"], bounds["to"]
    return Efforts(
        low.index.to_numpy(), low.columns.to_numpy(float), low.to_numpy(), high.to_numpy()
    )


def power_weights(x: np.ndarray) -> dict[str, np.ndarray]:
    """Return the weights with which logarithms of efforts add up to each of `POWERS`: (m,).

    Args:
        x: Different positive numbers, ascending, (m,) with m > 2.
    """
    log_x = np.log(x) - np.log(x).mean()
    line, parabola = (np.linalg.pinv(np.vander(log_x, columns)) for columns in (2, 3))
    last = np.zeros(len(x))
    last[-2:] = np.array([-1.0, 1.0]) / (log_x[-1] - log_x[-2])
    return {"slope": line[0], "last_slope": last, "curvature": parabola[0]}


def weighted_sum(efforts: Efforts, weights: np.ndarray) -> Samples:
    """Return the weighted sums of logarithms of efforts, with the bounds that follow: (n,).

    The samples need a common side: there are none unless every sum has a lower bound, or every sum
    has an upper bound.

    Args:
        efforts: Positive bounds of efforts.
        weights: Weights of the abscissas, (m,).
    """
    used = np.abs(weights) > 1e-12
    rises = weights[used] > 0
    low, high = (np.log(bound[:, used]) for bound in (efforts.low, efforts.high))
    below = np.where(rises, low, high) @ weights[used]
    above = np.where(rises, high, low) @ weights[used]
    if not (np.isfinite(below).all() or np.isfinite(above).all()):
        return Samples(efforts.seeds[:0], below[:0], above[:0])
    # The rounding of the two sums may differ.
    exact = (efforts.low == efforts.high).all(axis=1)
    return Samples(efforts.seeds, below, np.where(exact, below, above))


def lack_of_fit(efforts: Efforts) -> float:
    """Return the p-value of the hypothesis that the mean logarithms lie on a line in log x.

    The trials of one seed may depend on each other; different seeds are independent. Let z be the
    m - 2 coordinates of the deviations from the line. With their mean z' and their covariance S
    over n seeds, T^2 = n z'^T S^-1 z', and T^2 (n - p) / (p (n - 1)) with p = m - 2 is
    F-distributed with p and n - p degrees of freedom for normal logarithms (Hotelling 1931). For
    m = 3 this is the t-test of the curvature.

    The result is NaN if a trial missed the target, if n <= p, or if S is singular.
    """
    n, m = efforts.low.shape
    p = m - 2
    if n <= p or not np.isfinite(efforts.high).all():
        return np.nan
    line = np.vander(np.log(efforts.x), 2)
    deviations = np.linalg.svd(line)[0][:, 2:]
    logs = (np.log(efforts.low) + np.log(efforts.high)) / 2
    z = logs @ deviations
    covariance = np.atleast_2d(np.cov(z, rowvar=False))
    if np.linalg.matrix_rank(covariance, tol=1e-12) < p:
        return np.nan
    mean = z.mean(axis=0)
    squared = n * mean @ np.linalg.solve(covariance, mean)
    return float(special.fdtrc(p, n - p, squared * (n - p) / (p * (n - 1))))
