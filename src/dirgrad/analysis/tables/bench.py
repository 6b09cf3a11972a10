"""What a step costs and what it is worth: one row per problem, size of the minibatch, backend and method."""

from typing import Any

import pandas as pd

from dirgrad.analysis.tables.cost import SUBJECT, floor
from dirgrad.analysis.tables.summary import Records, scalars
from dirgrad.config.settings import Statistics
from dirgrad.records.schemas import Answer

BACKPROP, PLAIN = "backprop", "forward_gradient"
"""What every method is held against: reverse accumulation, and a JVP along a Gaussian direction that is formed."""
KEYS = [
    "problem",
    "batch_size",
    "backend",
    "estimator",
    "cost",
    "dimension",
    "precision",
    "threads",
    "other_cpu_fraction",
]


def make(records: Records, settings: Statistics) -> pd.DataFrame:
    """Ratios of whole steps round by round: inter-quartile means with bootstrap intervals over `n` rounds. step_over_flop_bound: over
    the time that the multiplications would take, were those of the function all of its time. snr_per_second: the closed form of the
    signal-to-noise ratio of one step over its seconds; blank where there is no closed form, or no noise. step_temp_bytes: what a
    step holds beside its arguments, by the account of its framework."""
    cost = records["cost"]
    timed = cost[cost["status"].fillna(Answer.OK) == Answer.OK]
    rows = [
        row for _, group in timed.groupby(SUBJECT, sort=False) for row in _methods(group, settings)
    ]
    return pd.DataFrame(rows, columns=None if rows else [*KEYS, "n"])


def _methods(group: pd.DataFrame, settings: Statistics) -> list[dict[str, Any]]:
    forward = group[group["part"] == "forward"].set_index("round")["seconds"]
    steps = group[group["part"] == "step"].pivot(
        index="round", columns="estimator", values="seconds"
    )
    rows = []
    for method, estimator in group[group["part"] == "step"].groupby("estimator", sort=False):
        first = estimator.iloc[0]
        row = {name: first[name] for name in KEYS} | {"n": len(estimator)}
        row |= scalars("step_seconds", steps[method].to_numpy(), settings)
        against = {"backprop": steps.get(BACKPROP), "plain": steps.get(PLAIN), "forward": forward}
        for name, seconds in against.items():
            if seconds is not None:
                row |= scalars(f"step_over_{name}", (steps[method] / seconds).to_numpy(), settings)
        row["step_over_flop_bound"] = row["step_over_forward"] / floor(group, estimator)
        row["step_temp_bytes"] = (
            first[["xla_temp_bytes", "graph_temp_bytes"]].dropna().astype(float).sum()
        )
        row["snr_per_second"] = float(first["signal_to_noise_theory"]) / row["step_seconds"]
        row["snr_per_second_and_byte"] = row["snr_per_second"] / row["step_temp_bytes"]
        rows.append(row)
    return rows
