"""The time left follows from recorded times, and from the jobs that have finished in this run."""

from pathlib import Path

import pytest

from dirgrad.config import plan, recorded_costs
from dirgrad.config.time_left import (
    TimedJob,
    TimeLeft,
    duration,
    recorded_seconds,
    sentence,
    time_left,
)
from support.configuration import BASE, configured


def test_recorded_times_add_up_and_are_shared_by_the_cores() -> None:
    jobs = [TimedJob("run", 60.0), TimedJob("run", 30.0), TimedJob("run", 30.0)]
    assert time_left(jobs, time=5.0, cores=2) == TimeLeft(60.0, 0)
    assert time_left(jobs, time=5.0, cores=1) == TimeLeft(120.0, 0)
    # One long job decides, whatever the number of cores.
    assert time_left(jobs, time=5.0, cores=100) == TimeLeft(60.0, 0)


def test_a_run_that_is_slower_than_recorded_takes_longer_by_the_same_factor() -> None:
    jobs = [TimedJob("run", 10.0, started=0.0, finished=30.0), TimedJob("run", 20.0)]
    assert time_left(jobs, time=30.0, cores=1) == TimeLeft(60.0, 0)


def test_the_elapsed_time_of_a_running_job_counts() -> None:
    jobs = [TimedJob("run", 100.0, started=0.0), TimedJob("run", 50.0)]
    assert time_left(jobs, time=40.0, cores=1) == TimeLeft(110.0, 0)


def test_a_job_that_exceeds_its_recorded_time_has_an_unknown_time() -> None:
    jobs = [TimedJob("run", 10.0, started=0.0), TimedJob("run", 50.0)]
    assert time_left(jobs, time=11.0, cores=1) == TimeLeft(50.0, 1)


def test_jobs_without_a_record_last_as_long_as_the_mean_of_their_rule_in_this_run() -> None:
    unknown = [TimedJob("table"), TimedJob("table"), TimedJob("report")]
    assert time_left(unknown, time=0.0, cores=2) == TimeLeft(0.0, 3)
    finished = [TimedJob("table", None, 0.0, 4.0), TimedJob("table", None, 4.0, 6.0)]
    assert time_left([*finished, *unknown], time=6.0, cores=2) == TimeLeft(6.0, 1)


def test_measured_parallelism_replaces_the_number_of_cores() -> None:
    side_by_side = [TimedJob("run", 10.0, 0.0, 10.0) for _ in range(3)]
    jobs = [*side_by_side, *(TimedJob("run", 10.0) for _ in range(6))]
    assert time_left(jobs, time=10.0, cores=8) == TimeLeft(20.0, 0)


@pytest.mark.parametrize(
    ("left", "text"),
    [
        (TimeLeft(720.0, 0), "about 12 min left"),
        (TimeLeft(720.0, 3), "more than 12 min left"),
        (TimeLeft(0.0, 3), "time unknown"),
        (TimeLeft(41.2, 0), "about 41 s left"),
    ],
)
def test_the_sentence_says_how_much_is_known(left: TimeLeft, text: str) -> None:
    assert sentence(left) == text


def test_a_duration_has_its_largest_unit() -> None:
    texts = [duration(seconds) for seconds in (0.4, 59.4, 59.6, 99 * 60, 100 * 60, 36_000)]
    assert texts == ["0 s", "59 s", "1 min", "99 min", "1.7 hours", "10.0 hours"]


def test_only_training_with_a_record_of_every_estimator_has_a_recorded_time(
    tmp_path: Path,
) -> None:
    over = {"experiments": {"beale": {"steps": 100, "seeds": 2, "estimators": ["backprop"]}}}
    jobs = plan.jobs(configured(BASE, over))
    final = tmp_path / "final.csv"
    head = "experiment,backend,estimator,learning_rate,step_seconds,compile_seconds\n"
    final.write_text(f"{head}beale,jax,backprop,0.01,0.5,\n", encoding="utf-8")
    recorded = recorded_costs.read(tmp_path)
    assert recorded_seconds(jobs["training/beale/jax"], recorded) == pytest.approx(100.0)
    assert recorded_seconds(jobs["training/beale/torch"], recorded) is None
    assert recorded_seconds(jobs["cost/matrix/jax"], recorded) is None
    assert recorded_seconds(None, recorded) is None
