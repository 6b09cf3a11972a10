"""A trial that fails is a row with its status, the other trials continue, and a bug is an error."""

import numpy as np
import pandas as pd
import pytest

from dirgrad.components.directions.gaussian import Gaussian
from dirgrad.components.directions.rank_one import RankOne
from dirgrad.components.estimators.finite_difference import FiniteDifference
from dirgrad.components.estimators.forward_gradient import ForwardGradient
from dirgrad.core.types import Backend
from dirgrad.records.schemas import TrialStatus
from dirgrad.runs.training import train
from support.small_trainings import ROSENBROCK, TWO_ESTIMATORS, train_small, training_job
from support.squared_weights import SquaredWeights

TWO_DIMENSIONAL = {"kind": "rosenbrock"}


def test_a_diverged_trial_is_a_row_and_the_other_trials_continue(backend: Backend) -> None:
    rows, curves = train_small(
        backend, TWO_DIMENSIONAL, learning_rates=[1e-4, 1.0], estimators=TWO_ESTIMATORS
    )
    statuses = rows.groupby("learning_rate")["status"].unique()
    assert list(statuses[1e-4]) == [TrialStatus.OK]
    assert list(statuses[1.0]) == [TrialStatus.DIVERGED]
    assert rows.query("learning_rate == 1.0")["reason"].str.contains("by step [1-4]$").all()
    assert curves.query("learning_rate == 1.0")["step"].max() <= 4
    assert curves.query("learning_rate == 0.0001")["step"].max() == 20


def test_a_training_ends_early_if_all_its_trials_diverge(backend: Backend) -> None:
    rows, _ = train_small(backend, TWO_DIMENSIONAL, learning_rates=[1.0], estimators=TWO_ESTIMATORS)
    assert (rows["steps"] <= 4).all()


def test_trials_time_out_once_the_time_is_spent_and_later_trials_do_not_start(
    backend: Backend,
) -> None:
    rows, _ = train_small(
        backend, ROSENBROCK, lanes=1, timeout_seconds=1e-9, estimators=TWO_ESTIMATORS
    )
    assert (rows["status"] == TrialStatus.TIMEOUT).all()
    first = rows.query("learning_rate == 0.001 and seed == 0")
    assert first["reason"].str.contains("at step 1$").all()
    assert np.isfinite(first["final_loss"]).all()
    later = rows.drop(first.index)
    assert later["reason"].str.contains("not begun").all()
    assert later["final_loss"].isna().all()


def test_an_unsupported_derivative_is_a_row_and_the_other_estimators_continue(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unsupported(*_: object) -> None:
        raise NotImplementedError("no forward rule\nfor this operator")

    monkeypatch.setattr(backend.ops, "jvp", unsupported)
    rows, _ = train_small(backend, ROSENBROCK)
    by_estimator = rows.groupby("estimator")[["status", "reason", "steps"]].first()
    expected = (TrialStatus.UNSUPPORTED, "no forward rule for this operator", 0)
    for name in ("forward_gradient", "sphere_k2", "coordinate"):
        assert tuple(by_estimator.loc[name]) == expected
    for name in ("backprop", "central"):
        assert by_estimator.loc[name, "status"] == TrialStatus.OK


def test_a_problem_that_needs_arrays_is_not_supported_along_outer_products_only(
    backend: Backend,
) -> None:
    job = training_job(backend, ROSENBROCK)
    estimators = {
        "gaussian": ForwardGradient(direction=Gaussian()),
        "rank_one": ForwardGradient(direction=RankOne()),
        "rank_one_k3": ForwardGradient(direction=RankOne(), num_directions=3),
        "difference": FiniteDifference(direction=RankOne(), scheme="forward", eps=1e-3),
    }
    training = job.settings.model_copy(update={"problem": SquaredWeights()})
    rows, _ = train.train_trials(training, estimators, job.run, backend)
    by_estimator = pd.DataFrame(rows).groupby("estimator")[["status", "reason"]].first()
    assert by_estimator.loc["gaussian", "status"] == TrialStatus.OK
    for name in ("rank_one", "rank_one_k3", "difference"):
        status, reason = by_estimator.loc[name]
        assert status == TrialStatus.UNSUPPORTED
        assert reason.startswith("the problem applies `**` to its parameter 'weight' of shape (3,")


def test_a_bug_is_an_error_and_not_a_row(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(backend.ops, "jvp", broken)
    with pytest.raises(ZeroDivisionError):
        train_small(backend, ROSENBROCK)
