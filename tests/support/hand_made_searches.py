"""Tables of a search over learning rates, written by hand, in which estimators may fail."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from support.hand_made_tables import (
    BACKENDS,
    RECORDED_STEPS,
    Tables,
    combinations,
    landscape,
    with_interval,
)

BEST_RATES = {"backprop": 0.1, "forward_gradient": 0.01, "lost_everywhere": None}
"""Best rate of each estimator, or None for an estimator that fails at every rate."""
RATES = (0.01, 0.1)


def search_tables(
    backends: Sequence[str] = BACKENDS,
    best_rates: Mapping[str, float | None] = BEST_RATES,
    seeds: int = 7,
    failed: Sequence[str] = (),
) -> Tables:
    """Return the tables of the experiments beale and mlp.

    All trials succeed at the best rate of their estimator and fail at the other rate.

    Args:
        backends: The frameworks.
        best_rates: Best rate of each estimator, or None if it fails at every rate.
        seeds: Number of trials per rate.
        failed: Experiments in which every estimator fails at every rate.
    """
    estimators = combinations(
        experiment=("beale", "mlp"),
        backend=backends,
        estimator=list(best_rates),
        stage=("final",),
        learning_rate=RATES,
    )
    best_rate = estimators["estimator"].map(best_rates)
    has_failed = estimators["experiment"].isin(failed)
    is_best = (estimators["learning_rate"] == best_rate) & ~has_failed
    return {
        "final": _final(estimators, is_best, seeds),
        "curves": _curves(estimators[is_best], seeds),
        "trajectories": _trajectories(estimators, seeds),
        "landscape": landscape("beale"),
    }


def small_search_tables() -> Tables:
    """Return tables that are quick to draw: one framework, two estimators and two seeds."""
    return search_tables(("jax",), {"backprop": 0.1, "lost_everywhere": None}, seeds=2)


def _final(estimators: pd.DataFrame, is_best: pd.Series, seeds: int) -> pd.DataFrame:
    best_rate = estimators["learning_rate"].where(is_best)
    rows = estimators.assign(
        estimator_kind=estimators["estimator"],
        lanes=4,
        n_seeds=seeds,
        n_ok=np.where(is_best, seeds, 0),
        best_rate=is_best,
    )
    rows = with_interval(rows, "final_loss", best_rate)
    return with_interval(rows, "step_seconds", 1e-3 * (1 + best_rate))


def _curves(estimators: pd.DataFrame, seeds: int) -> pd.DataFrame:
    points = estimators.merge(combinations(step=RECORDED_STEPS), how="cross")
    step = points["step"]
    points = points.assign(n=seeds, train_seconds=0.01 * step)
    points = with_interval(points, "loss", 1 / (1 + step))
    # A CSV file without rows gives columns of type object.
    return points.astype(object) if points.empty else points


def _trajectories(estimators: pd.DataFrame, seeds: int) -> pd.DataFrame:
    points = estimators.merge(combinations(seed=range(seeds), step=RECORDED_STEPS), how="cross")
    return points.assign(theta_0=0.1 * points["step"], theta_1=0.1 * points["seed"])
