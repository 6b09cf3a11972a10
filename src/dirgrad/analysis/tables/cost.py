"""One row per problem, backend and estimator: the time of an estimate and of a whole step over that of the function alone."""

from typing import Any

import pandas as pd

from dirgrad.analysis.tables.summary import Records, scalars
from dirgrad.config.settings import Statistics
from dirgrad.core import theory
from dirgrad.records.schemas import Answer

KEYS = [
    *(
        "cost",
        "problem",
        "problem_kind",
        "backend",
        "estimator",
        "estimator_kind",
        "direction",
        "num_directions",
        "evaluations",
    ),
    *(
        "dimension",
        "depth",
        "length",
        "batch_size",
        "precision",
        "threads",
        "compiled",
        "observation_bytes",
        "status",
        "reason",
    ),
    *("other_cpu_fraction",),
]
SUBJECT = ["cost", "problem", "backend", "batch_size"]
COUNTS = ("flops", "product_flops", "xla_temp_bytes", "graph_temp_bytes", "saved_bytes")
PARTS = ("sampling", "derivative", "update", "gradient", "step")
ALONE = ("forward", "forward_again")


def make(records: Records, settings: Statistics) -> pd.DataFrame:
    """Ratios are taken round by round, then summarised: inter-quartile means with bootstrap intervals over `n` rounds.
    `noise` is the same ratio of the function to itself: nothing that differs by less is a difference. `flop_bound_over_forward`
    is the ratio of multiplications that an estimate cannot do without; counts are of the function (`forward_`) and of the step.
    sampling, derivative and update are the pieces of a step of one direction, each alone."""
    cost = records["cost"]
    # Records of earlier versions have no status: what they hold was timed.
    cost = cost.assign(status=cost["status"].fillna(Answer.OK))
    rows = []
    for _, group in cost.groupby(SUBJECT, sort=False):
        forward = group[group["part"].isin(ALONE)].pivot(
            index="round", columns="part", values="seconds"
        )
        same = _forward(group, forward, settings)
        for _, estimator in group[group["estimator"].notna()].groupby("estimator", sort=False):
            told = {name: estimator[name].iloc[0] for name in KEYS} | same
            timed = estimator["status"].iloc[0] == Answer.OK
            rows.append(
                told
                | (
                    _ratios(estimator, forward["forward"], settings)
                    | {"flop_bound_over_forward": floor(group, estimator)}
                    if timed
                    else {}
                )
            )
    return pd.DataFrame(rows, columns=None if rows else [*KEYS, "n"])


def _forward(group: pd.DataFrame, forward: pd.DataFrame, settings: Statistics) -> dict[str, Any]:
    """What all estimators of a problem are held against."""
    row = {"n": len(forward)} | scalars("forward_seconds", forward["forward"].to_numpy(), settings)
    row |= scalars(
        "timing_noise", (forward["forward_again"] / forward["forward"]).to_numpy(), settings
    )
    return row | _counts("forward", group)


def _ratios(estimator: pd.DataFrame, forward: pd.Series, settings: Statistics) -> dict[str, Any]:
    by_part = estimator.pivot(index="round", columns="part", values="seconds")
    row: dict[str, Any] = {}
    for part in (part for part in PARTS if part in by_part):
        row |= scalars(f"{part}_seconds", by_part[part].to_numpy(), settings)
        row |= scalars(f"{part}_over_forward", (by_part[part] / forward).to_numpy(), settings)
    whole = estimator[estimator["part"].isin(("gradient", "step"))].drop_duplicates("part")
    row |= {name: whole[name].median() for name in ("compile_seconds", "first_seconds")}
    step = _counts("step", estimator)
    return row | step | {"flops": step["step_flops"]}


def _counts(part: str, rows: pd.DataFrame) -> dict[str, Any]:
    first = rows[rows["part"] == part].iloc[0]
    return {f"{part}_{name}": first[name] for name in COUNTS}


def floor(group: pd.DataFrame, estimator: pd.DataFrame) -> float:
    """The ratio of multiplications that an estimate cannot do without; NaN where the function has none, or no closed form is known.
    group: the rows of a subject, estimator: those of its estimator."""
    first, forward = (
        estimator.iloc[0],
        group.loc[group["part"] == "forward", "product_flops"].iloc[0],
    )
    if not forward:
        return float("nan")
    share, direction = (
        first["derivative_product_flops"] / forward,
        first["direction"] if isinstance(first["direction"], str) else "",
    )
    return theory.least_products(
        first["estimator_kind"], direction, first["evaluations"], first["num_directions"], share
    )
