"""Table `baydin`: the quantities of Baydin et al. 2022, measured here and in the paper.

Every estimator of an experiment is compared with backprop. Seconds depend on the machine, so only
their ratios are compared with the paper. A value of the paper appears only next to its estimator,
on a problem of the same dimension at the same learning rate.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from dirgrad.analysis.column_roles import ColumnRoles, values_column
from dirgrad.analysis.paper_values import PAPER
from dirgrad.analysis.samples import Samples, exact_samples, parse_samples, ratio, take
from dirgrad.analysis.tables.crossing import Bracket, crossing, seconds_at
from dirgrad.analysis.tables.summary import Records, bracketed_ratio, scalars
from dirgrad.config.settings import Statistics
from dirgrad.records.schemas import Stage, TrialStatus

RECORDS = ("trials", "curves", "cost", "coordinates")
READABLE = True
CAPTION = """
Quantities of Baydin et al. 2022 and our measurements of them, for each estimator that is compared
with backprop. A row states the paper's value only if the estimator is the paper's and the problem
has the same size and the same learning rate.
"""

BACKPROP, FORWARD = "backprop", "forward_gradient"
"""Names of backprop and of the estimator of the paper."""
FIGURES = {"beale": "2", "rosenbrock": "2", "logistic_regression": "3", "mlp": "4", "cnn": "5"}
"""Figure of the paper by experiment, or by problem of the measurement of cost `baydin`."""
MARGIN = 0.01
"""Relative distance above the lowest loss at which the times with a margin end."""
GROUP_KEYS = ["experiment", "backend", "learning_rate"]
QUANTITIES = (
    "gradient_0",
    "gradient_1",
    "seconds_forward_over_backprop",
    "backprop_final_loss",
    "forward_final_loss",
    "backprop_final_valid_loss",
    "forward_final_valid_loss",
    "T_b_seconds",
    "T_f_seconds",
    "T_f_over_T_b",
    "T_f_over_T_b_with_margin",
    "T_f_over_T_b_of_mean_curves",
    "R_f",
    "R_b",
)
"""Values of the column `quantity`; `make` says what they mean."""
VALUES = ("value", "ratio_to_paper")
COLUMN_ROLES = ColumnRoles(
    facets=("backend", "problem", "learning_rate", "estimator"),
    keys=("quantity",),
    plain=(
        "figure",
        "problem",
        "learning_rate",
        "dimension",
        "backend",
        "estimator",
        "quantity",
        "lanes",
        "loss_reduction",
        "paper_value",
        "paper_confidence",
        "n",
        "n_reached",
    ),
    sampled=VALUES,
    ratios=VALUES,
    timed=VALUES,  # most quantities involve seconds
    to_target=VALUES,
    names={"quantity": QUANTITIES, "paper_confidence": ("figure", "secondary", "derived")},
)


def make(records: Records, settings: Statistics) -> pd.DataFrame:
    """Return one row per quantity, estimator, problem, learning rate and backend.

    estimator: the estimator that is compared with backprop.
    value: inter-quartile mean with a bootstrap interval over `n` seeds (rounds for R_f and R_b).
    paper_value, paper_confidence: see `PaperValue`; the paper's estimator is `forward_gradient`.
    ratio_to_paper: `value` divided by `paper_value`.
    lanes: number of trials that were vectorized; they share one clock.
    loss_reduction: share of its initial loss that backprop removes, averaged over seeds. Training
        says nothing about a method where backprop learns nothing.

    The column `quantity` has these values. "The forward gradient" is the estimator of the row.

    gradient_0, gradient_1: exact gradient of Beale's function at the point of figure 1.
    seconds_forward_over_backprop: ratio of the training times, up to the horizon (see `horizon` in
        config/README.md), which is the end of most trainings.
    backprop_final_*, forward_final_*: validation loss at the horizon, or training loss without
        validation.
    T_b_seconds: training time of backprop until its lowest recorded validation loss, up to the
        horizon.
    T_f_seconds, T_f_over_T_b: training time of the forward gradient until it reaches this loss,
        and its ratio to T_b, seed by seed. They lie between two record points, value_from and
        value_to. A seed that misses the loss (`n_reached` counts the others) gives a lower bound.
    T_f_over_T_b_with_margin: the same ratio for a loss that is 1 % higher, where both times end. A
        curve that levels off at the lowest loss makes T_f/T_b depend on the last digits.
    T_f_over_T_b_of_mean_curves: the same ratio for the curves averaged over seeds.
    R_f, R_b: time of a forward gradient and of backprop, divided by the time of the loss function.
    """
    measured = [
        *_gradients(records, settings),
        *_trainings(records, settings),
        *_time_ratios(records["cost"], settings),
    ]
    rows = [row | _paper_columns(row, settings) for row in measured]
    return pd.DataFrame(rows, columns=None if rows else ["figure", "problem", "quantity"])


def _paper_columns(row: Mapping[str, Any], settings: Statistics) -> dict[str, Any]:
    """Return the columns of the paper's value; they are empty if the paper has none."""
    paper_value, confidence = np.nan, ""
    key = (row["problem"], row["learning_rate"], row["quantity"], row["dimension"])
    for entry in PAPER if row["estimator"] == FORWARD else ():
        if (entry.problem, entry.rate, entry.quantity, entry.dimension) == key:
            paper_value, confidence = entry.value, entry.confidence
            break
    ours = parse_samples(row[values_column("value")])
    ratios = Samples(ours.keys, ours.low / paper_value, ours.high / paper_value)
    ratios = take(ratios, np.flatnonzero(~np.isnan(ratios.low)))
    return {
        "paper_value": paper_value,
        "paper_confidence": confidence,
        **bracketed_ratio("ratio_to_paper", ratios, settings),
    }


def _gradients(records: Records, settings: Statistics) -> Iterator[dict[str, Any]]:
    """Yield the exact gradient at the point of figure 1."""
    rows = records["coordinates"]
    is_beale = (rows["problem"] == "beale") & (rows["estimator"] == FORWARD)
    for _, row in rows[is_beale].iterrows():
        yield {
            "figure": "1",
            "problem": "beale",
            "learning_rate": None,
            "dimension": row["dimension"],
            "backend": row["backend"],
            "estimator": FORWARD,
            "quantity": f"gradient_{row['coordinate']}",
            **scalars("value", pd.Series([row["gradient"]]), settings),
        }


def _trainings(records: Records, settings: Statistics) -> Iterator[dict[str, Any]]:
    """Yield the quantities of figures 2 to 5, from trials with backprop at the same rate."""
    trials = _final_trials(records["trials"])
    curves = records["curves"].merge(trials[[*GROUP_KEYS, "estimator", "stage", "seed"]])
    curves_by_rate = dict(iter(curves.groupby(GROUP_KEYS)))
    for key, group in trials.groupby(GROUP_KEYS, sort=False):
        compared = [name for name in group["estimator"].unique() if name != BACKPROP]
        if len(compared) == group["estimator"].nunique():
            continue
        for estimator in compared:
            yield from _comparison(group, curves_by_rate[key], estimator, settings)


def _comparison(
    trials: pd.DataFrame, curves: pd.DataFrame, estimator: str, settings: Statistics
) -> Iterator[dict[str, Any]]:
    """Yield the quantities of one estimator, from all trials of an experiment at one rate."""
    pair = trials[trials["estimator"].isin([BACKPROP, estimator])]
    first = pair.iloc[0]
    shared = {
        "figure": FIGURES[first["experiment"]],
        "problem": first["experiment"],
        "learning_rate": first["learning_rate"],
        "backend": first["backend"],
        "estimator": estimator,
        "dimension": first["dimension"],
        "lanes": pair["lanes"].max(),
        "loss_reduction": _loss_reduction(curves),
    }
    # Records of earlier versions have no horizon and end at it.
    horizon = first["steps"] if pd.isna(first["horizon_steps"]) else first["horizon_steps"]
    for quantity, values in _quantities(curves, estimator, horizon).items():
        yield shared | _summary(quantity, values, settings)


def _loss_reduction(curves: pd.DataFrame) -> float:
    """Return the share of its initial training loss that backprop removes."""
    backprop = curves[curves["estimator"] == BACKPROP]
    by_seed = backprop.sort_values("step").groupby("seed")["loss"]
    return float((1 - by_seed.last() / by_seed.first()).mean())


def _final_trials(trials: pd.DataFrame) -> pd.DataFrame:
    """Return the final trials that are `ok`, of the paper's experiments."""
    in_paper = trials["experiment"].isin(FIGURES)
    ok = (trials["stage"] == Stage.FINAL) & (trials["status"] == TrialStatus.OK)
    return trials[in_paper & ok]


def _quantities(curves: pd.DataFrame, estimator: str, horizon: int) -> dict[str, Samples]:
    """Return the values of each quantity over the seeds, from the curves of two estimators."""
    # Below, the estimator that is compared with backprop has one name, whichever it is.
    names = {BACKPROP: BACKPROP, estimator: FORWARD}
    curves = curves.assign(estimator=curves["estimator"].map(names)).dropna(subset="estimator")
    until = curves[curves["step"] <= horizon].sort_values("step")
    ends = until.groupby(["estimator", "seed"]).tail(1).set_index(["estimator", "seed"])
    backprop, forward = ends.loc[BACKPROP], ends.loc[FORWARD]
    seconds = (forward["train_seconds"] / backprop["train_seconds"]).dropna()
    quantities = {"seconds_forward_over_backprop": exact_samples(seconds)}
    has_validation = backprop["valid_loss"].notna().any()
    loss = "valid_loss" if has_validation else "loss"
    quantities[f"backprop_final_{loss}"] = exact_samples(backprop[loss])
    quantities[f"forward_final_{loss}"] = exact_samples(forward[loss])
    if has_validation:
        by_seed = {seed: curves[curves["seed"] == seed] for seed in seconds.index}
        times = {seed: _times(curve, horizon, margin=0.0) for seed, curve in by_seed.items()}
        with_margin = {seed: _times(curve, horizon, MARGIN) for seed, curve in by_seed.items()}
        mean_curves = curves.groupby(["estimator", "step"], as_index=False).mean(numeric_only=True)
        forward_times, backprop_times = _samples(times)
        quantities["T_f_seconds"] = forward_times
        quantities["T_b_seconds"] = backprop_times
        quantities["T_f_over_T_b"] = ratio(forward_times, backprop_times)
        quantities["T_f_over_T_b_with_margin"] = ratio(*_samples(with_margin))
        of_means = {0: _times(mean_curves, horizon, margin=0.0)}
        quantities["T_f_over_T_b_of_mean_curves"] = ratio(*_samples(of_means))
    return quantities


def _times(curves: pd.DataFrame, horizon: int, margin: float) -> tuple[Bracket, Bracket]:
    """Return T_f and T_b: the times at which both curves reach the lowest loss of backprop.

    Args:
        curves: One curve of backprop and one of the forward gradient.
        horizon: Number of steps up to which backprop's lowest loss counts.
        margin: Both times end at the lowest loss times 1 + `margin`.
    """
    backprop = curves[(curves["estimator"] == BACKPROP) & (curves["step"] <= horizon)]
    forward = curves[curves["estimator"] == FORWARD]
    level = backprop["valid_loss"].min() * (1 + margin)
    backprop_time = _seconds_to(backprop, level)
    if not margin:
        # T_b is defined by a record point.
        backprop_time = Bracket(backprop_time.high, backprop_time.high)
    return _seconds_to(forward, level), backprop_time


def _seconds_to(curve: pd.DataFrame, level: float) -> Bracket:
    steps, seconds = curve["step"].to_numpy(), curve["train_seconds"].to_numpy()
    bracket = crossing(steps, curve["valid_loss"].to_numpy(), level)
    return seconds_at(bracket, steps, seconds)


def _samples(times: Mapping[int, tuple[Bracket, Bracket]]) -> tuple[Samples, Samples]:
    """Return the samples of T_f and of T_b, given both by seed."""
    keys = np.array([*times])
    low_high = np.array([*times.values()])
    forward, backprop = (Samples(keys, *low_high[:, i].T) for i in (0, 1))
    return forward, backprop


def _time_ratios(cost: pd.DataFrame, settings: Statistics) -> Iterator[dict[str, Any]]:
    """Yield R_f and R_b, from the measurement of cost named `baydin`."""
    rows = cost[cost["cost"] == "baydin"]
    for key, group in rows.groupby(["problem", "backend"], sort=False):
        problem, backend = map(str, key)
        shared = {
            "figure": FIGURES.get(problem, ""),
            "problem": problem,
            "learning_rate": None,
            "backend": backend,
            "dimension": group["dimension"].iloc[0],
        }
        forward = _seconds(group[group["part"] == "forward"])
        gradients = dict(iter(group[group["part"] == "gradient"].groupby("estimator", sort=False)))
        backprop = gradients.pop(BACKPROP, group.iloc[:0])
        for estimator, rows_of_estimator in gradients.items():
            for quantity, timed in (("R_f", rows_of_estimator), ("R_b", backprop)):
                samples = exact_samples(_seconds(timed) / forward)
                yield shared | {"estimator": estimator} | _summary(quantity, samples, settings)


def _seconds(rows: pd.DataFrame) -> pd.Series:
    """Return the time per call in each round."""
    return rows.set_index("round")["seconds"]


def _summary(quantity: str, samples: Samples, settings: Statistics) -> dict[str, Any]:
    """Return the columns of a quantity."""
    return {
        "quantity": quantity,
        **bracketed_ratio("value", samples, settings),
        "n": samples.n,
        "n_reached": int(np.isfinite(samples.high).sum()),
    }
