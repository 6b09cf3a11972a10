"""A cell with tuning searches the rate of each estimator and then trains new seeds at this rate."""

from dirgrad.core.types import Backend
from dirgrad.records.schemas import TrialStatus
from dirgrad.runs.context import Context
from dirgrad.runs.training import train
from dirgrad.runs.training.progress import Progress
from support.small_trainings import ROSENBROCK, TWO_ESTIMATORS, train_small, training_job


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
    tuning = {"lowest": 10.0, "highest": 100.0, "per_decade": 1, "seeds": 1, "extension": 1}
    rows, _ = train_small(
        backend, ROSENBROCK, learning_rates=None, tuning=tuning, estimators=["backprop"]
    )
    assert rows["learning_rate"].tolist() == [10.0, 100.0, 1.0]
    assert set(rows["stage"]) == {"tuning"}
    assert set(rows["status"]) == {TrialStatus.DIVERGED}


def test_a_search_goes_on_beyond_its_grid_for_the_estimators_that_need_it(
    backend: Backend,
) -> None:
    """Test that gradient descent has its best rate 1 on x^2 / 2, which one coordinate lacks."""
    tuning = {"lowest": 0.01, "highest": 0.1, "per_decade": 1, "seeds": 1}
    job = training_job(
        backend,
        {"kind": "quadratic", "dimension": 3, "condition": 1.0},
        learning_rates=None,
        tuning=tuning,
        seeds=1,
        steps=8,
        record_every=8,
        estimators=["backprop", "coordinate"],
    )
    steps_taken, steps_expected = [], []

    def reporter(label: str, total_steps: int) -> Progress:
        steps_expected.append(total_steps)
        return Progress(lambda steps, *_: steps_taken.append(steps), steps_expected.append)

    rows = train.run(job, Context(backend, reporter))["trials"].to_pandas()
    grids = {
        name: trials.query("stage == 'tuning'")["learning_rate"].tolist()
        for name, trials in rows.groupby("estimator")
    }
    # The estimate along one of three coordinates is three times that coordinate.
    assert grids == {"backprop": [0.01, 0.1, 1.0, 10.0], "coordinate": [0.01, 0.1, 1.0]}
    final = rows.query("stage == 'final'").set_index("estimator")
    assert final["learning_rate"].to_dict() == {"backprop": 1.0, "coordinate": 0.1}
    assert sum(steps_expected) == 8 * (2 * 2 + 2 + 2 + 1)
    assert len(steps_expected) == 3
