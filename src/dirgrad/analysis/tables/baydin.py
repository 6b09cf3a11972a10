"""Table `baydin`: the quantities of Baydin et al. 2022, measured here and in the paper.

Seconds depend on the machine, so only their ratios are compared with the paper. A value of the
paper appears only next to a problem of the same dimension at the same learning rate.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from dirgrad.analysis.column_roles import ColumnRoles, values_column
from dirgrad.analysis.samples import Samples, exact_samples, parse_samples, ratio, take
from dirgrad.analysis.tables.crossing import Bracket, crossing, seconds_at
from dirgrad.analysis.tables.summary import Records, bracketed_ratio, scalars
from dirgrad.config.settings import Statistics
from dirgrad.records.schemas import Stage, TrialStatus

RECORDS = ("trials", "curves", "cost", "coordinates")
READABLE = True
CAPTION = """
Quantities of Baydin et al. 2022 and our measurements of them. A row states the paper's value only
if the problem has the same size and the same learning rate.
"""

BACKPROP, FORWARD = "backprop", "forward_gradient"
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


class PaperValue(NamedTuple):
    """A value of the paper.

    Attributes:
        problem: Name of the experiment, or of the problem of a measurement.
        rate: Learning rate; None if the value does not depend on it or the paper does not state it.
        quantity: Name of the quantity.
        value: The value.
        confidence: Source of the value. `figure`: read from a figure of the paper. `secondary`:
            from the notes of a reader. `derived`: computed from the definition in the paper.
        dimension: Number of parameters.
    """

    problem: str
    rate: float | None
    quantity: str
    value: float
    confidence: str
    dimension: int


LOGISTIC, MLP = 7_850, 1_863_690
PAPER = (
    PaperValue("beale", None, "gradient_0", -3.434, "secondary", 2),
    PaperValue("beale", None, "gradient_1", -0.808, "secondary", 2),
    PaperValue("beale", 0.01, "backprop_final_loss", 5.5e-5, "figure", 2),
    PaperValue("beale", 0.01, "seconds_forward_over_backprop", 0.19 / 0.22, "figure", 2),
    PaperValue("rosenbrock", 5e-4, "backprop_final_loss", 5e-6, "figure", 2),
    PaperValue("rosenbrock", 5e-4, "seconds_forward_over_backprop", 3.15 / 4.1, "figure", 2),
    PaperValue("logistic_regression", 1e-4, "T_f_over_T_b", 0.553, "figure", LOGISTIC),
    PaperValue("logistic_regression", 1e-4, "backprop_final_valid_loss", 0.55, "figure", LOGISTIC),
    PaperValue("logistic_regression", 1e-4, "forward_final_valid_loss", 0.55, "figure", LOGISTIC),
    PaperValue("mlp", 2e-5, "T_f_over_T_b", 0.567, "figure", MLP),
    PaperValue("mlp", 2e-5, "backprop_final_valid_loss", 2.21, "figure", MLP),
    PaperValue("mlp", 2e-5, "forward_final_valid_loss", 2.21, "figure", MLP),
    PaperValue("mlp", 2e-4, "T_f_over_T_b", 0.229, "figure", MLP),
    PaperValue("mlp", 2e-4, "backprop_final_valid_loss", 0.88, "figure", MLP),
    PaperValue("mlp", 2e-4, "forward_final_valid_loss", 0.52, "figure", MLP),
    PaperValue("mlp", None, "R_f", 2.46, "secondary", MLP),
    PaperValue("mlp", None, "R_b", 4.17, "secondary", MLP),
)
VALUES = ("value", "ratio_to_paper")
COLUMN_ROLES = ColumnRoles(
    facets=("backend", "problem", "learning_rate"),
    keys=("quantity",),
    plain=(
        "figure",
        "problem",
        "learning_rate",
        "dimension",
        "backend",
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
    """Return one row per quantity, problem, learning rate and backend.

    value: inter-quartile mean with a bootstrap interval over `n` seeds (rounds for R_f and R_b).
    paper_value, paper_confidence: see `PaperValue`.
    ratio_to_paper: `value` divided by `paper_value`.
    lanes: number of trials that were vectorized; they share one clock.
    loss_reduction: share of its initial loss that backprop removes, averaged over seeds. Training
        says nothing about a method where backprop learns nothing.

    The column `quantity` has these values:

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
    for entry in PAPER:
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
            "quantity": f"gradient_{row['coordinate']}",
            **scalars("value", pd.Series([row["gradient"]]), settings),
        }


def _trainings(records: Records, settings: Statistics) -> Iterator[dict[str, Any]]:
    """Yield the quantities of figures 2 to 5, from trials by both estimators at the same rate."""
    trials = _final_trials(records["trials"])
    curves = records["curves"].merge(trials[[*GROUP_KEYS, "estimator", "stage", "seed"]])
    curves_by_rate = dict(iter(curves.groupby(GROUP_KEYS)))
    for key, group in trials.groupby(GROUP_KEYS, sort=False):
        if set(group["estimator"]) < {BACKPROP, FORWARD}:
            continue
        experiment, backend, rate = map(str, key)
        shared = {
            "figure": FIGURES[experiment],
            "problem": experiment,
            "learning_rate": float(rate),
            "backend": backend,
            "dimension": group["dimension"].iloc[0],
            "lanes": group["lanes"].max(),
            "loss_reduction": _loss_reduction(curves_by_rate[key]),
        }
        quantities = _quantities(curves_by_rate[key], horizon=group["horizon_steps"].iloc[0])
        for quantity, values in quantities.items():
            yield shared | _summary(quantity, values, settings)


def _loss_reduction(curves: pd.DataFrame) -> float:
    """Return the share of its initial training loss that backprop removes."""
    backprop = curves[curves["estimator"] == BACKPROP]
    by_seed = backprop.sort_values("step").groupby("seed")["loss"]
    return float((1 - by_seed.last() / by_seed.first()).mean())


def _final_trials(trials: pd.DataFrame) -> pd.DataFrame:
    """Return the final trials that are `ok`, of the paper's experiments and estimators."""
    in_paper = trials["experiment"].isin(FIGURES)
    in_paper &= trials["estimator"].isin([BACKPROP, FORWARD])
    ok = (trials["stage"] == Stage.FINAL) & (trials["status"] == TrialStatus.OK)
    return trials[in_paper & ok]


def _quantities(curves: pd.DataFrame, horizon: int) -> dict[str, Samples]:
    """Return the values of each quantity over the seeds, from the curves of both estimators."""
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
        gradients = group[group["part"] == "gradient"]
        for quantity, name in (("R_f", FORWARD), ("R_b", BACKPROP)):
            gradient = _seconds(gradients[gradients["estimator"] == name])
            samples = exact_samples(gradient / forward)
            yield shared | _summary(quantity, samples, settings)


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
