"""Tables of the figure `headline`, written by hand, with ratios that can be read off."""

from typing import Any

import pandas as pd

from support.hand_made_tables import Tables, combinations, with_interval

SECONDS = {"backprop": 1.0, "forward_gradient": 2.0, "forward_gradient_rank_one": 0.5}
"""Seconds in which each estimator reaches the loss 1.0, the lowest of backprop."""
BYTES = {"backprop": 40e6, "forward_gradient": 20e6, "forward_gradient_rank_one": 2e6}
"""Temporary bytes of a step in the deepest network."""


def headline_tables(backends: tuple[str, ...] = ("jax", "torch")) -> Tables:
    """Return the tables of the experiments mlp and mlp_sgd and of the measurement depth.

    At the rate 0.2, losses fall evenly from 2.0 to 1.0 between the steps 0 and 4. At the rate 0.1,
    nothing is learned.
    """
    subjects = combinations(backend=backends, estimator=tuple(SECONDS))
    equal = subjects.merge(combinations(learning_rate=(0.1, 0.2), step=range(5)), how="cross")
    seconds = equal["estimator"].map(SECONDS) * equal["step"] / 4
    loss = 2.0 - (equal["learning_rate"] == 0.2) * equal["step"] / 4
    equal = equal.assign(experiment="mlp", stage="final", n=7, train_seconds=seconds)
    own = equal.query("learning_rate == 0.2").assign(experiment="mlp_sgd", n=5)
    curves = pd.concat(
        [
            with_interval(with_interval(rows, "valid_loss", losses), "loss", losses)
            for rows, losses in ((equal, loss), (own, loss[own.index]))
        ],
        ignore_index=True,
    )
    return {
        "curves": curves,
        "final": pd.DataFrame({"experiment": ["mlp"], "backend": ["jax"], "dimension": [1234]}),
        "targets": _targets(subjects),
        "memory": _memory(subjects),
    }


def _targets(subjects: pd.DataFrame) -> pd.DataFrame:
    is_backprop = subjects["estimator"] == "backprop"
    ends: dict[str, Any] = {
        "steps_over_backprop_from": (~is_backprop) * 19.0 + 1.0,
        "steps_over_backprop_to": (~is_backprop) * 39.0 + 1.0,
    }
    return subjects.assign(experiment="mlp_sgd", target_loss=1.0, n=5, **ends)


def _memory(subjects: pd.DataFrame) -> pd.DataFrame:
    rows = subjects.merge(combinations(depth=(2, 41)), how="cross")
    exact = rows["estimator"].map(BYTES) * rows["depth"] / 41
    return rows.assign(
        memory="depth",
        batch_size=512,
        n=1,
        status="ok",
        xla_temp_bytes=exact,
        graph_temp_bytes=exact,
    )
