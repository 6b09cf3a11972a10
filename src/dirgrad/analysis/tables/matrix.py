"""Table `matrix`: each family of problems, framework and estimator in one row.

The configuration decides what belongs to the table. The measurements with the name `matrix` list
the problems, and the experiments that train them have the names of these problems.
"""

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from dirgrad.analysis.column_roles import ColumnRoles, values_column, with_interval
from dirgrad.analysis.tables import bench, cost, final, quality
from dirgrad.analysis.tables.best import ESTIMATOR_KEYS
from dirgrad.analysis.tables.summary import Records, with_all_columns
from dirgrad.config.settings import Statistics
from dirgrad.records.schemas import MeasurementStatus, Stage, TrialStatus

RECORDS = ("trials", "cost", "draws")
SUBJECTS = ("cost/matrix",)
READABLE = True
CAPTION = """
Training loss, time of a step, memory of a step and signal-to-noise ratio of every family of
problems, framework and estimator. A row that lacks a value states the reason.
"""

MEASUREMENT = "matrix"
"""Name of the measurements whose problems and estimators are the rows."""
NOT_MEASURED = "not measured"
"""Status of a part for which the run has no records."""
KEYS = ("problem", "backend", "estimator")
TRAINED = ("final_loss", "test_accuracy")
TIMED = ("step_seconds", "step_over_backprop")
COUNTED = ("step_temp_bytes", "temp_bytes_over_inference")
SIGNAL = ("snr",)
STATUSES = (*dict.fromkeys([*TrialStatus, *MeasurementStatus]), NOT_MEASURED)
COLUMN_ROLES = ColumnRoles(
    facets=KEYS,
    plain=(
        *KEYS,
        "dimension",
        "optimizer",
        "learning_rate",
        "n",
        "rounds",
        *COUNTED,
        "draws",
        "snr_theory",
        "status",
        "reason",
    ),
    sampled=(*TRAINED, *TIMED, *SIGNAL),
    ratios=("final_loss", *TIMED, *SIGNAL),
    timed=TIMED,
    names={"status": STATUSES},
)
REASONS: Mapping[str, str] = {
    "test_accuracy": "the problem has no classes",
    "step_over_backprop": "no step by backprop to compare with",
    "temp_bytes_over_inference": "the loss function allocates no memory",
    "snr_theory": "the estimator declares none",
}
"""Why a column has no value although its part of the row is `ok`."""


class Part(NamedTuple):
    """A part of a row: training, the cost of a step, or the noise of an estimate.

    Attributes:
        values: The columns of the part.
        status: Its outcome.
        reason: Why the outcome is not `ok`; otherwise empty.
    """

    values: Mapping[str, Any]
    status: str
    reason: str


Parts = Mapping[tuple[str, ...], Part]
"""Parts of one kind by problem, framework and estimator."""


def make(records: Records, settings: Statistics) -> pd.DataFrame:
    """Return one row per problem, framework and estimator; every combination has a row.

    Values are as in the tables `final`, `bench`, `cost` and `quality`, which have further columns.

    learning_rate, optimizer: the rate at which the estimator trains best, of the rates that its
        experiment has (see `best_rates`). If no rate is without failed trials, the row has no loss.
    final_loss, test_accuracy: training loss and accuracy after the last step, over `n` trials.
    step_seconds, step_over_backprop: time of a step of SGD, over `rounds` rounds.
    step_temp_bytes, temp_bytes_over_inference: temporary memory of this step as its framework
        counts it, and relative to the evaluation of the loss function.
    snr, snr_theory: signal-to-noise ratio over `draws` estimates at the initial parameters, and its
        closed form. Without noise it is infinite, or what rounding leaves.
    status, reason: the first outcome that is not `ok`, of training, cost and noise in this order;
        and the reason of every value that the row lacks.
    """
    of_cost, of_draws = (
        rows[rows[kind] == MEASUREMENT]
        for kind, rows in (("cost", records["cost"]), ("quality", records["draws"]))
    )
    named = pd.concat([of_cost, of_draws])[list(KEYS)].dropna()
    problems, backends, estimators = (named[key].unique() for key in KEYS)
    trials = records["trials"]
    of_trials = trials[trials["experiment"].isin(problems) & trials["estimator"].isin(estimators)]
    kinds = {
        "training": _trained(of_trials, settings),
        "cost": _timed(of_cost, settings),
        "noise": _estimated(of_draws, settings),
    }
    backends = pd.unique(np.append(backends, of_trials["backend"].unique()))
    rows = [_row(key, kinds) for key in product(problems, backends, estimators)]
    return with_all_columns(rows, COLUMN_ROLES)[[*COLUMN_ROLES.file_columns()]]


def _row(key: tuple[str, ...], kinds: Mapping[str, Parts]) -> dict[str, Any]:
    """Return the row of a problem, a framework and an estimator."""
    absent = Part({}, NOT_MEASURED, "not measured in this tier")
    parts = {kind: by_key.get(key, absent) for kind, by_key in kinds.items()}
    row: dict[str, Any] = dict(zip(KEYS, key, strict=True))
    for part in parts.values():
        row |= part.values
    statuses = [part.status for part in parts.values() if part.status != TrialStatus.OK]
    reasons = [f"{kind}: {part.reason}" for kind, part in parts.items() if part.reason]
    reasons += [
        f"{name}: {reason}"
        for name, reason in REASONS.items()
        if pd.isna(row.get(name)) and name in {*row}
    ]
    outcome = {"status": next(iter(statuses), TrialStatus.OK), "reason": "; ".join(reasons)}
    return row | outcome


def _trained(trials: pd.DataFrame, settings: Statistics) -> Parts:
    """Return the part `training` of each experiment, framework and estimator."""
    results = trials[trials["stage"] == Stage.FINAL]
    if results.empty:
        return {}
    table = final.make({"trials": results}, settings)
    best = {_key(row, ESTIMATOR_KEYS): row for _, row in table[table["best_rate"]].iterrows()}
    parts = {}
    for _, group in results.groupby(ESTIMATOR_KEYS, sort=False):
        first = group.iloc[0]
        key = _key(first, ESTIMATOR_KEYS)
        shared = {name: first[name] for name in ("dimension", "optimizer")}
        if key in best:
            parts[key] = Part(shared | _from_final(best[key]), TrialStatus.OK, "")
        else:
            failed = group[group["status"] != TrialStatus.OK]
            # A trial that is `ok` may still have an infinite validation loss.
            status = next(iter(failed["status"]), TrialStatus.DIVERGED)
            parts[key] = Part(shared | {"n": 0}, str(status), _failures(group, failed))
    return parts


def _key(row: "pd.Series[Any]", names: Sequence[str] = KEYS) -> tuple[str, ...]:
    """Return the problem, the framework and the estimator of a row."""
    return tuple(str(row[name]) for name in names)


def _from_final(row: "pd.Series[Any]") -> dict[str, Any]:
    """Return the columns of a row of the table `final`."""
    return {"learning_rate": row["learning_rate"], "n": row["n_ok"]} | _summaries(row, TRAINED)


def _summaries(row: "pd.Series[Any]", names: Sequence[str]) -> dict[str, Any]:
    """Return means with their intervals and their raw values."""
    columns = (column for name in names for column in (*with_interval(name), values_column(name)))
    return {column: row[column] for column in columns if column in row}


def _failures(trials: pd.DataFrame, failed: pd.DataFrame) -> str:
    """Return how many trials failed at each rate, and the reason of the first of them."""
    parts = []
    for _, group in failed.groupby(["learning_rate", "status"]):
        rate, status = group["learning_rate"].iloc[0], group["status"].iloc[0]
        n_trials = (trials["learning_rate"] == rate).sum()
        parts.append(f"{len(group)} of {n_trials} trials {status} at rate {rate:g}")
    reason = next(iter(failed["reason"]), "no validation loss is finite")
    return f"{', '.join(parts)} ({reason})" if parts else reason


def _timed(timings: pd.DataFrame, settings: Statistics) -> Parts:
    """Return the part `cost` of each problem, framework and estimator."""
    if timings.empty:
        return {}
    steps = {_key(row): row for _, row in bench.make({"cost": timings}, settings).iterrows()}
    parts = {}
    for _, row in cost.make({"cost": timings}, settings).iterrows():
        key = _key(row)
        values = {"dimension": row["dimension"]}
        if row["status"] == MeasurementStatus.OK:
            values |= {"rounds": row["n"]} | _summaries(steps[key], TIMED) | _bytes(row)
        parts[key] = _measured(values, row)
    return parts


def _bytes(row: "pd.Series[Any]") -> dict[str, float]:
    """Return the temporary memory of a step; its ratio to the loss function's is null over 0."""
    counts = [
        [row[f"{part}_{name}_temp_bytes"] for name in ("xla", "graph")]
        for part in ("step", "forward")
    ]
    step, forward = np.nansum(np.array(counts, float), axis=1)
    ratio = step / forward if forward else np.nan
    return {"step_temp_bytes": step, "temp_bytes_over_inference": ratio}


def _estimated(draws: pd.DataFrame, settings: Statistics) -> Parts:
    """Return the part `noise` of each problem, framework and estimator."""
    if draws.empty:
        return {}
    parts = {}
    for _, row in quality.make({"draws": draws}, settings).iterrows():
        values = {"dimension": row["dimension"], "draws": row["draws"]}
        if row["status"] == MeasurementStatus.OK:
            values |= {"snr_theory": row["snr_theory"]} | _summaries(row, SIGNAL)
        parts[_key(row)] = _measured(values, row)
    return parts


def _measured(values: Mapping[str, Any], row: "pd.Series[Any]") -> Part:
    """Return a part with the status and the reason of a row of an instrument's table."""
    is_ok = row["status"] == MeasurementStatus.OK
    return Part(values, str(row["status"]), "" if is_ok else str(row["reason"]))
