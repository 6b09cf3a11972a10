"""One row per problem, backend and estimator: the time of an estimate and of a whole step over that of the function alone."""

from typing import Any

import pandas as pd

from dirgrad.settings import Statistics
from dirgrad.tables import Records, scalars

KEYS = [
    *("cost", "problem", "problem_kind", "backend", "estimator", "estimator_kind", "direction", "directions_k"),
    *("dimension", "layers", "length", "batch_size", "precision", "threads", "observation_bytes"),
]
SUBJECT = ["cost", "problem", "backend"]
BYTES = ("xla_temp_bytes", "graph_temp_bytes")


def make(records: Records, settings: Statistics) -> pd.DataFrame:
    """Ratios are taken round by round, then summarised: inter-quartile means with bootstrap intervals over `n` rounds.
    `noise` is the same ratio of the function to itself: nothing that differs by less is a difference. Bytes are those of the
    compiled function at one time, beyond its arguments."""
    rows = []
    for _, group in records["cost"].groupby(SUBJECT, sort=False):
        alone = group[group["estimator"].isna()].pivot(index="round", columns="part", values="seconds")
        noise = scalars("noise", (alone["forward_again"] / alone["forward"]).to_numpy(), settings)
        forward = scalars("forward_seconds", alone["forward"].to_numpy(), settings)
        for _, estimator in group[group["estimator"].notna()].groupby("estimator", sort=False):
            same = {name: estimator[name].iloc[0] for name in KEYS}
            taken = {f"forward_{name}": group.loc[group["part"] == "forward", name].iloc[0] for name in BYTES}
            taken |= {f"step_{name}": estimator.loc[estimator["part"] == "step", name].iloc[0] for name in BYTES}
            rows.append(same | {"n": len(alone)} | forward | noise | _ratios(estimator, alone["forward"], settings) | taken)
    return pd.DataFrame(rows, columns=None if rows else [*KEYS, "n"])


def _ratios(estimator: pd.DataFrame, forward: pd.Series, settings: Statistics) -> dict[str, Any]:
    by_part = estimator.pivot(index="round", columns="part", values="seconds")
    row: dict[str, Any] = {}
    for part in ("gradient", "step"):
        row |= scalars(f"{part}_seconds", by_part[part].to_numpy(), settings)
        row |= scalars(f"{part}_over_forward", (by_part[part] / forward).to_numpy(), settings)
    return row | {"compile_seconds": estimator["compile_seconds"].median()}
