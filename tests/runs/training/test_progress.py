"""Progress is a bar on a terminal and a line every few seconds in a log."""

import io
from functools import partial

import pytest

from dirgrad.core.types import Backend
from dirgrad.runs.context import Context
from dirgrad.runs.training import progress, train
from support.small_trainings import ROSENBROCK, TWO_ESTIMATORS, training_job


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_line_in_a_log_has_the_trial_the_step_the_loss_and_the_time_left() -> None:
    stream = io.StringIO()
    report, _ = progress.reporter("mlp/jax", 40, stream, line_seconds=0.0)
    report(10, "backprop, rate 0.1 seed 0", 10, 2.5)
    report(30, "forward, rate 0.1 seed 1", 20, 0.125)
    first, last = stream.getvalue().splitlines()
    assert first.startswith("mlp/jax:  25%, backprop, rate 0.1 seed 0, step 10, loss 2.5, ")
    assert first.endswith(" left")
    assert last == "mlp/jax: 100%, forward, rate 0.1 seed 1, step 20, loss 0.125, 0:00:00 left"


def test_the_time_left_is_proportional_to_the_number_of_steps_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = iter([100.0, 130.0])
    monkeypatch.setattr(progress, "monotonic", lambda: next(clock))
    stream = io.StringIO()
    report, _ = progress.reporter("mlp/jax", 400, stream)
    report(100, "backprop", 10, 2.5)
    assert stream.getvalue().endswith(", 0:01:30 left\n")


def test_a_log_has_no_line_before_its_time_except_the_last() -> None:
    stream = io.StringIO()
    report, _ = progress.reporter("mlp/jax", 40, stream, line_seconds=1e9)
    for step in (10, 20, 30, 40):
        report(10, "backprop", step, 1.0)
    assert [line.split(",")[0] for line in stream.getvalue().splitlines()] == ["mlp/jax: 100%"]


def test_progress_on_a_terminal_is_a_bar() -> None:
    stream = Terminal()
    report, _ = progress.reporter("mlp/jax", 40, stream)
    report(40, "backprop", 20, 0.125)
    last = stream.getvalue().split("\r")[-1]
    assert "mlp/jax: 100%" in last
    assert "backprop, step 20, loss 0.125" in last


def test_steps_that_were_not_known_in_advance_count_from_then_on() -> None:
    log, terminal = io.StringIO(), Terminal()
    for stream in (log, terminal):
        report, expect = progress.reporter("mlp/jax", 40, stream, line_seconds=0.0)
        expect(40)
        report(40, "backprop", 20, 0.125)
        report(40, "backprop", 40, 0.125)
    assert [line.split(",")[0] for line in log.getvalue().splitlines()] == [
        "mlp/jax:  50%",
        "mlp/jax: 100%",
    ]
    assert "mlp/jax: 100%" in terminal.getvalue()
    assert "80/80" in terminal.getvalue()


def test_a_training_reports_every_record_point_of_every_estimator(backend: Backend) -> None:
    stream = io.StringIO()
    job = training_job(backend, ROSENBROCK, estimators=TWO_ESTIMATORS)
    reporter = partial(progress.reporter, stream=stream, line_seconds=0.0)
    train.run(job, Context(backend, reporter))
    lines = stream.getvalue().splitlines()
    points_after_the_start = len(job.settings.record_points) - 1
    assert len(lines) == points_after_the_start * len(TWO_ESTIMATORS)
    assert lines[-1].startswith(f"training/small/{backend.name}: 100%")
    for line in lines:
        for part in ("step", "loss", "left", "seed 0"):
            assert part in line
