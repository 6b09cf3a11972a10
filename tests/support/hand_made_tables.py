"""Tables of training runs, written by hand with numbers so simple that a figure is predictable."""

from collections.abc import Iterable
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from dirgrad.report.figures import influence_balancing

Tables = dict[str, pd.DataFrame]

BACKENDS = ("jax", "torch")
ESTIMATORS = ("backprop", "forward_gradient")
RECORDED_STEPS = (0, 5, 10)
UPDATE_RULES = ("sgd", "hard_thresholding")
DIMENSIONS = (50, 160, 500)


def combinations(**values: Iterable[Any]) -> pd.DataFrame:
    """Return a table with one row per combination of the values of its columns."""
    return pd.DataFrame(list(product(*values.values())), columns=list(values))


def with_interval(table: pd.DataFrame, column: str, value: Any) -> pd.DataFrame:
    """Return the table with a new column and its interval, from 0.9 to 1.2 times the value."""
    table = table.assign(**{column: value})
    ends = {f"{column}_low": 0.9 * table[column], f"{column}_high": 1.2 * table[column]}
    return table.assign(**ends)


def with_unmeasured_rows(table: pd.DataFrame, *names: str, status: str) -> pd.DataFrame:
    """Return a table of an instrument in which each row is also there without a measurement.

    Args:
        table: The table; its rows get the status `ok`.
        *names: Columns that the further rows keep, besides texts; other numbers become null.
        status: Status of the further rows, whose sample size is 0.
    """
    kept = {*names, *table.select_dtypes(exclude="number").columns}
    counts = {"n", "draws"}
    numbers = {name: 0 if name in counts else np.nan for name in table if name not in kept}
    outcome = {"status": status, "reason": "not measured"}
    unmeasured = table.assign(**(numbers | outcome))
    return pd.concat([unmeasured, table.assign(status="ok")], ignore_index=True)


def curves() -> pd.DataFrame:
    """Return curves of three experiments at two rates: the loss at step t is 1 / (1 + t)."""
    points = combinations(
        experiment=("beale", "rosenbrock", "mlp"),
        backend=BACKENDS,
        estimator=ESTIMATORS,
        stage=("final",),
        learning_rate=(0.1, 0.2),
        step=RECORDED_STEPS,
    )
    step = points["step"]
    points = points.assign(n=7, train_seconds=0.1 * step)
    points = with_interval(points, "loss", 1 / (1 + step))
    return with_interval(points, "valid_loss", 2 / (1 + step))


def baydin() -> pd.DataFrame:
    """Return the times T_f and T_b; at rate 0.2 the forward gradient does not reach the loss.

    The paper's T_f/T_b is 0.25.
    """
    rows = combinations(
        problem=("mlp",),
        backend=BACKENDS,
        learning_rate=(0.1, 0.2),
        estimator=("forward_gradient",),
        quantity=("T_f_seconds", "T_b_seconds", "T_f_over_T_b"),
    )
    is_of_backprop = rows["quantity"] == "T_b_seconds"
    value = rows["learning_rate"].map({0.1: 0.5, 0.2: np.nan}).mask(is_of_backprop, 1.0)
    low = value.fillna(3.0)
    is_ratio = rows["quantity"] == "T_f_over_T_b"
    return rows.assign(
        value=value,
        value_from=low,
        value_to=value,
        loss_reduction=0.5,
        paper_value=np.where(is_ratio, 0.25, np.nan),
        ratio_to_paper=(value / 0.25).where(is_ratio),
        ratio_to_paper_from=(low / 0.25).where(is_ratio),
        ratio_to_paper_to=(value / 0.25).where(is_ratio),
        n=7,
    )


def trajectories() -> pd.DataFrame:
    """Return straight paths of three trials per estimator on two problems."""
    points = combinations(
        experiment=("beale", "rosenbrock"),
        backend=BACKENDS,
        estimator=ESTIMATORS,
        seed=range(3),
        step=RECORDED_STEPS,
    )
    return points.assign(theta_0=0.1 * points["step"], theta_1=0.1 * points["seed"])


def landscape(*experiments: str) -> pd.DataFrame:
    """Return the loss of experiments with two parameters on a grid: the squared distance to 0."""
    points = combinations(
        experiment=experiments,
        theta_0=(-1.0, 0.0, 1.0),
        theta_1=(-1.0, 0.5, 1.0),
    )
    return points.assign(loss=points["theta_0"] ** 2 + points["theta_1"] ** 2)


def tuned() -> pd.DataFrame:
    """Return a search over two rates: a trial failed at 0.2, and 0.1 was selected."""
    rates = pd.DataFrame({"stage": ["tuning", "tuning", "final"], "learning_rate": [0.1, 0.2, 0.1]})
    estimators = combinations(
        experiment=("mlp",), backend=BACKENDS, estimator=ESTIMATORS, optimizer=("sgd",)
    )
    rows = estimators.merge(rates, how="cross")
    rate = rows["learning_rate"]
    rows = rows.assign(
        n_ok=np.where(rate == 0.1, 3, 1),
        n_seeds=3,
        best_rate=rows["stage"] == "final",
    )
    rows = with_interval(rows, "valid_loss", rate)
    return with_interval(rows, "final_loss", rate)


def compared() -> Tables:
    """Return targets that all trials of SGD reach, but only two of five trials of Adam."""
    rows = combinations(
        experiment=("mlp_sgd", "mlp_adam"), backend=BACKENDS, estimator=ESTIMATORS
    ).assign(n=5)
    uses_sgd = rows["experiment"] == "mlp_sgd"
    targets = rows.assign(n_reached=np.where(uses_sgd, 5, 2))
    targets = targets.assign(
        target_loss=0.5,
        steps_over_backprop_from=20.0,
        steps_over_backprop_to=np.where(uses_sgd, 40.0, np.nan),
        seconds_over_backprop_from=10.0,
        seconds_over_backprop_to=np.where(uses_sgd, 15.0, np.nan),
    )
    others = rows[rows["estimator"] != "backprop"].reset_index(drop=True)
    equal_loss = others.assign(difference_from=-0.02, difference_to=0.01)
    return {"targets": targets, "equal_loss": equal_loss}


def compared_curves() -> Tables:
    """Return the targets of `compared` with the curves of both experiments at one rate."""
    points = curves().query("experiment != 'rosenbrock' and learning_rate == 0.1")
    names = {"mlp": "mlp_sgd", "beale": "mlp_adam"}
    return {"targets": compared()["targets"], "curves": points.replace({"experiment": names})}


def thresholded() -> Tables:
    """Return numbers of evaluations by dimension for two update rules, four times the closed form.

    With hard thresholding, finite differences reach the target in two of five trials in the largest
    dimension. All other trials reach their target.
    """
    rows = combinations(
        backend=BACKENDS,
        optimizer=UPDATE_RULES,
        estimator_kind=("forward_gradient", "finite_difference"),
        direction=("sphere",),
        abscissa=("dimension",),
        x=DIMENSIONS,
    )
    misses = (
        (rows["optimizer"] == "hard_thresholding")
        & (rows["estimator_kind"] == "finite_difference")
        & (rows["x"] == DIMENSIONS[-1])
    )
    points = rows.assign(
        experiment=rows["optimizer"] + "_" + rows["x"].astype(str),
        target_loss=0.02,
        n=5,
        n_reached=np.where(misses, 2, 5),
        evaluations_theory=25.0,
        evaluations_to_target_from=np.where(misses, 4000.0, 100.0),
    )
    points = with_interval(points, "evaluations_to_target", np.where(misses, np.nan, 100.0))
    families = rows.drop(columns="x").drop_duplicates()
    is_bounded = families["optimizer"] + families["estimator_kind"] == (
        "hard_thresholdingfinite_difference"
    )
    powers = families.assign(
        slope_from=np.where(is_bounded, 0.5, 1.0),
        slope_to=np.where(is_bounded, np.nan, 1.0),
        lack_of_fit=0.25,
    )
    powers = with_interval(powers, "slope", np.where(is_bounded, np.nan, 1.0))
    return {"sweeps": points, "scaling": powers}


def balanced() -> pd.DataFrame:
    """Return curves on influence balancing, with two windows per method."""
    windowed = [
        f"{side}_{window}" for side in influence_balancing.PANEL_TITLES for window in (1, 10)
    ]
    points = combinations(
        experiment=("influence_balancing",),
        backend=BACKENDS,
        estimator=("backprop", *windowed),
        step=(0, 5),
    )
    return points.assign(n=1, loss=1.0 + points["step"])


def balanced_with_seeds() -> pd.DataFrame:
    """Return the curves of `balanced` as means of 10 random trials, with intervals."""
    curves = balanced().assign(experiment="influence_chains", n=10)
    return curves.assign(loss_low=0.9 * curves["loss"], loss_high=1.1 * curves["loss"])
