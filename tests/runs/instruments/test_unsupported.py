"""An estimator that cannot be used on a problem is a row with the reason in every instrument."""

import json
import sys
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest

from dirgrad.analysis.tables import coordinates as coordinates_table
from dirgrad.analysis.tables import cost as cost_table
from dirgrad.analysis.tables import memory as memory_table
from dirgrad.analysis.tables import quality as quality_table
from dirgrad.analysis.tables import stability as stability_table
from dirgrad.components.directions.gaussian import Gaussian
from dirgrad.components.directions.rank_one import RankOne
from dirgrad.components.estimators.finite_difference import FiniteDifference
from dirgrad.components.estimators.forward_gradient import ForwardGradient
from dirgrad.components.registry import component
from dirgrad.config.plan import Job
from dirgrad.config.settings import Statistics
from dirgrad.core.criterion import VALUE
from dirgrad.core.types import Array, Backend, Batch, Criterion, Estimator, Ops, Params, Problem
from dirgrad.runs.context import Context
from dirgrad.runs.instruments import cost, memory, quality, stability
from dirgrad.runs.instruments.outcomes import failed
from support.measured import QUADRATIC, small_measurement
from support.squared_weights import SquaredWeights

REASON = "the problem applies `**` to its parameter 'weight' of shape (3, 2)"
"""Beginning of the reason why `SquaredWeights` cannot be used along an outer product."""
# The estimator that is not supported comes first, so that the other one is measured after it.
ESTIMATORS = {
    "rank_one": ForwardGradient(direction=RankOne()),
    "gaussian": ForwardGradient(direction=Gaussian()),
}
FEW_RESAMPLES = Statistics(resamples=20)


@component
class Unknown:
    """A loss with an operation that no framework has."""

    dataset: ClassVar[None] = None
    plot_range: ClassVar[None] = None
    criterion: ClassVar[Criterion] = VALUE

    def init(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        return {"weight": rng.standard_normal(2)}

    def outputs(self, ops: Ops, params: Params, batch: Batch) -> Array:
        raise NotImplementedError("no rule\n  for this loss")


class WithoutMemory(ForwardGradient):
    """An estimator for which NumPy cannot allocate an array."""

    def estimate(self, *arguments: Any) -> Any:
        raise MemoryError("Unable to allocate 7 TiB")


def measurement(
    backend: Backend,
    instrument: str,
    problem: Problem | None = None,
    estimators: dict[str, Estimator] = ESTIMATORS,
    **options: Any,
) -> Job:
    """Return a measurement of estimators on one problem, by default `SquaredWeights`."""
    job = small_measurement(backend, instrument, {"new": QUADRATIC}, **options)
    problems = {"new": problem or SquaredWeights()}
    settings = job.settings.model_copy(update={"problems": problems})
    return replace(job, settings=settings, estimators=estimators)


def outcome_by_estimator(rows: pd.DataFrame) -> dict[str, list[tuple[str, str | None]]]:
    """Return the distinct outcomes of each estimator, with the beginning of the reason."""
    shown = rows.assign(reason=rows["reason"].str[: len(REASON)])
    shown = shown.replace({np.nan: None})
    distinct = shown[["estimator", "status", "reason"]].drop_duplicates()
    return {
        name: list(zip(part["status"], part["reason"], strict=True))
        for name, part in distinct.groupby("estimator")
    }


OUTCOMES = {"gaussian": [("ok", None)], "rank_one": [("unsupported", REASON)]}


def test_the_cost_of_the_other_estimators_is_measured(backend: Backend) -> None:
    job = measurement(backend, "cost", rounds=1, round_seconds=1e-4)
    rows = cost.run(job, Context(backend))["cost"].to_pandas()
    assert outcome_by_estimator(rows[rows["estimator"].notna()]) == OUTCOMES


def test_the_quality_of_the_other_estimators_is_measured(backend: Backend) -> None:
    job = measurement(backend, "quality", draws=3, after_steps=[0, 2])
    tables = quality.run(job, Context(backend))
    records = {kind: rows.to_pandas() for kind, rows in tables.items()}
    draws = records["draws"]
    assert outcome_by_estimator(draws) == OUTCOMES
    assert draws["estimator"].value_counts().to_dict() == {"gaussian": 2 * 3, "rank_one": 1}
    assert draws.query("estimator == 'rank_one'")["cosine"].isna().all()
    assert set(records["coordinates"]["estimator"]) == {"gaussian"}
    table = quality_table.make(records, FEW_RESAMPLES)
    assert outcome_by_estimator(table) == OUTCOMES
    numbers = table.set_index("estimator")[["draws", "snr"]]
    assert numbers.loc["rank_one", "draws"] == 0
    assert np.isnan(numbers.loc["rank_one", "snr"])
    assert (numbers.loc["gaussian", "draws"] == 3).all()
    assert numbers.loc["gaussian", "snr"].notna().all()
    assert set(coordinates_table.make(records, FEW_RESAMPLES)["estimator"]) == {"gaussian"}


def test_a_finite_difference_that_is_not_supported_has_a_row_per_step_size(
    backend: Backend,
) -> None:
    estimators = {"difference": FiniteDifference(direction=RankOne(), scheme="central", eps=1e-3)}
    job = measurement(backend, "quality", None, estimators, draws=2, eps=[0.1, 0.01])
    draws = quality.run(job, Context(backend))["draws"].to_pandas()
    assert draws["eps"].to_list() == [0.1, 0.01]
    assert set(draws["status"]) == {"unsupported"}


def test_without_an_exact_gradient_no_quality_is_measured(backend: Backend) -> None:
    job = measurement(backend, "quality", Unknown(), draws=2)
    tables = quality.run(job, Context(backend))
    records = {kind: rows.to_pandas() for kind, rows in tables.items()}
    draws = records["draws"]
    assert draws["estimator"].to_list() == ["rank_one", "gaussian"]
    assert set(draws["status"]) == {"unsupported"}
    assert set(draws["reason"]) == {"no rule for this loss"}
    table = quality_table.make(records, FEW_RESAMPLES)
    assert table["draws"].to_list() == [0, 0]
    assert set(quality_table.COLUMN_ROLES.file_columns()) == set(table.columns)
    assert coordinates_table.make(records, FEW_RESAMPLES).empty


def test_the_memory_of_the_other_estimators_is_measured(backend: Backend) -> None:
    estimators = ESTIMATORS | {"failing": ForwardGradient(direction=Gaussian())}
    job = measurement(backend, "memory", None, estimators, rounds=2)

    def probe(measurement: Any) -> dict[str, Any]:
        """Measure in this process, except for the estimator `failing`, whose process fails."""
        return failed(3) if measurement.args[-1] == "failing" else measurement()

    rows = memory.run(job, Context(backend, probe=probe))["memory"].to_pandas()
    failing = [("failed", "the process ended with exit code 3")]
    expected = OUTCOMES | {"failing": failing, "inference": [("ok", None)]}
    assert outcome_by_estimator(rows) == expected
    assert rows["round"].to_list() == [0] * 4 + [1] * 4
    assert set(rows["batch_size"]) == {0}
    bytes_known = rows.groupby("estimator")["parameter_bytes"].count().to_dict()
    assert bytes_known == {"failing": 0, "gaussian": 2, "inference": 2, "rank_one": 0}
    table = memory_table.make({"memory": rows}, FEW_RESAMPLES)
    assert outcome_by_estimator(table) == expected
    counts = dict(zip(table["estimator"], table["n"], strict=True))
    assert counts == {"inference": 2, "rank_one": 0, "gaussian": 2, "failing": 0}


INSTRUMENTS: dict[str, tuple[Any, dict[str, Any]]] = {
    "cost": (cost, {"rounds": 1, "round_seconds": 1e-4}),
    "draws": (quality, {"draws": 2}),
    "memory": (memory, {"rounds": 1}),
}


@pytest.mark.parametrize("records", INSTRUMENTS)
def test_an_estimator_without_memory_is_a_row_beside_the_others(
    backend: Backend, records: str
) -> None:
    instrument, options = INSTRUMENTS[records]
    estimators = {"large": WithoutMemory(direction=Gaussian()), "gaussian": ESTIMATORS["gaussian"]}
    kind = instrument.__name__.rpartition(".")[2]
    job = measurement(backend, kind, None, estimators, **options)
    context = Context(backend, probe=lambda measurement: measurement())
    rows = instrument.run(job, context)[records].to_pandas()
    outcomes = {name: group["status"].iloc[0] for name, group in rows.groupby("estimator")}
    assert outcomes["large"] == "unsupported"
    assert outcomes["gaussian"] == "ok"
    (reason,) = set(rows.loc[rows["estimator"] == "large", "reason"])
    assert reason.endswith("(Unable to allocate 7 TiB)")


def test_the_timeline_of_an_estimator_that_is_not_supported_is_its_reason(
    backend: Backend,
) -> None:
    job = measurement(backend, "memory", rounds=0, timeline_seconds=0.05)

    def command(problem: str, batch_size: int, estimator: str, seconds: float) -> list[str]:
        """Take the steps in this process, and print their row in a new one."""
        row = memory.step_for(job, backend, problem, batch_size, estimator, seconds)
        return [sys.executable, "-c", f"print({json.dumps(row)!r})"]

    context = Context(backend, stepping_command=command)
    rows = memory.run(job, context)["resident"].to_pandas()
    (row,) = rows.query("estimator == 'rank_one'").to_dict("records")
    assert row["status"] == "unsupported"
    assert row["reason"].startswith(REASON)
    assert np.isnan(row["resident_bytes"])


@pytest.mark.parametrize("names", [["rank_one", "gaussian"], ["rank_one"]])
def test_the_largest_stable_rate_of_the_other_estimators_is_measured(
    backend: Backend, names: list[str]
) -> None:
    grid = {"lowest": 0.01, "highest": 0.1, "per_decade": 1}
    estimators = {name: ESTIMATORS[name] for name in names}
    job = measurement(backend, "stability", None, estimators, rates=grid, steps=2, seeds=2)
    rows = stability.run(job, Context(backend))["stability"].to_pandas()
    unsupported = rows[rows["estimator"] == "rank_one"]
    assert len(unsupported) == 4
    assert set(unsupported["status"]) == {"unsupported"}
    assert unsupported["reason"].str.startswith(REASON).all()
    assert unsupported["initial_loss"].isna().all() == (names == ["rank_one"])
    assert set(rows.loc[rows["estimator"] == "gaussian", "status"]) <= {"ok"}
    table = stability_table.make({"stability": rows}, FEW_RESAMPLES)
    assert table["estimator"].to_list() == [name for name in names if name == "gaussian"]


def test_the_cost_of_a_loss_that_no_framework_has_is_a_row_per_estimator(backend: Backend) -> None:
    job = measurement(backend, "cost", Unknown(), rounds=1, round_seconds=1e-4)
    rows = cost.run(job, Context(backend))["cost"].to_pandas()
    expected = {name: [("unsupported", "no rule for this loss")] for name in ESTIMATORS}
    assert outcome_by_estimator(rows) == expected
    table = cost_table.make({"cost": rows}, FEW_RESAMPLES)
    assert outcome_by_estimator(table) == expected
    assert (table["n"] == 0).all()
