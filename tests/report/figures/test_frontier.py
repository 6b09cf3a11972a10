"""The figure `frontier` joins the methods that no other beats in time and memory."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from dirgrad.report.figures import frontier
from support.figure_text import headings

BYTES = {"backprop": 3.0, "local": 2.0, "slow": 2.5, "weights": 1.5}
"""Bytes of a step over the bytes of inference, which are 100."""
SECONDS = {"backprop": (1.0, 1.2), "local": (4.0, 4.4), "slow": (8.0, 9.0), "weights": (9.0, None)}


def tables() -> dict[str, pd.DataFrame]:
    """Return the tables of four methods in both frameworks."""
    temporary = {"jax": "xla_temp_bytes", "torch": "graph_temp_bytes"}
    held = [
        {
            "memory": "heads",
            "problem": "heads_64",
            "backend": backend,
            "estimator": name,
            "status": "ok",
            "parameter_bytes": 40,
            "xla_temp_bytes": np.nan,
            "graph_temp_bytes": np.nan,
        }
        | {column: 100 * factor - 40}
        for backend, column in temporary.items()
        for name, factor in (BYTES | {"inference": 1.0}).items()
    ]
    reached = [
        {
            "experiment": "heads_64",
            "backend": backend,
            "estimator": name,
            "n": 10,
            "target_loss": 0.3,
            "seconds_to_target_from": low,
            "seconds_to_target_to": np.nan if high is None else high,
        }
        for backend in temporary
        for name, (low, high) in SECONDS.items()
    ]
    return {"targets": pd.DataFrame(reached), "memory": pd.DataFrame(held)}


def draw() -> Figure:
    return frontier.draw(tables(), "heads_64", "heads")


def test_the_front_joins_the_methods_that_no_other_beats() -> None:
    for axes in draw().axes:
        (front,) = [line for line in axes.lines if line.get_color() == "0.6"]
        np.testing.assert_allclose(front.get_xydata(), [(2.0, 4.4), (3.0, 1.2)])


def test_the_title_names_the_front_and_the_number_of_seeds() -> None:
    title = headings(draw())
    assert "On the front of every framework: backprop, local" in title
    assert "n = 10 seeds" in title


def test_a_missed_target_is_a_hollow_arrow_at_the_time_spent() -> None:
    axes = draw().axes[0]
    hollow = [line for line in axes.lines if line.get_markerfacecolor() == "none"]
    points = np.concatenate([np.asarray(line.get_xydata()) for line in hollow])
    np.testing.assert_allclose(points, [(1.5, 9.0)])
