"""A cell with tuning searches the rate of each estimator and then trains new seeds at this rate."""

from dirgrad.core.types import Backend
from dirgrad.records.schemas import TrialStatus
from support.small_trainings import ROSENBROCK, TWO_ESTIMATORS, train_small


def test_each_estimator_trains_new_seeds_at_its_own_best_rate(backend: Backend) -> None:
    tuning = {"lowest": 1e-4, "highest": 1.0, "per_decade": 1, "seeds": 2}
    rows, curves = train_small(
        backend, ROSENBROCK, learning_rates=None, tuning=tuning, estimators=TWO_ESTIMATORS
    )
    search, final = rows.query("stage == 'tuning'"), rows.query("stage == 'final'")
    assert sorted(search["learning_rate"].unique()) == [1e-4, 1e-3, 1e-2, 0.1, 1.0]
    assert not set(search["seed"]) & set(final["seed"])
    for name, searched in search.groupby("estimator"):
        failed_rates = searched.loc[searched["status"] != TrialStatus.OK, "learning_rate"]
        assert len(failed_rates), "the grid has no rate that fails"
        successful = searched[~searched["learning_rate"].isin(failed_rates)]
        losses = successful.groupby("learning_rate")["final_loss"].mean()
        final_rates = final.loc[final["estimator"] == name, "learning_rate"]
        assert final_rates.tolist() == [losses.idxmin()] * 3
    assert set(curves["stage"]) == {"tuning", "final"}


def test_no_final_trial_is_trained_if_every_rate_fails(backend: Backend) -> None:
    tuning = {"lowest": 1.0, "highest": 10.0, "per_decade": 1, "seeds": 1}
    rows, _ = train_small(
        backend, ROSENBROCK, learning_rates=None, tuning=tuning, estimators=TWO_ESTIMATORS
    )
    assert set(rows["stage"]) == {"tuning"}
    assert set(rows["status"]) == {TrialStatus.DIVERGED}
