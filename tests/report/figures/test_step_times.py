"""The figure `step_times` counts cheaper steps and warns of a noisy machine."""

import pandas as pd

from dirgrad.report.figures import step_times
from support import hand_made_measurements as measurements


def test_the_title_counts_the_cheaper_steps_and_states_the_cheapest() -> None:
    title = step_times.draw(measurements.step_times(), "growth").get_suptitle()
    # The interval of a ratio of 0.5 ends at 0.6, and that of 2 begins at 1.8.
    expected = "1 of 3 steps is cheaper than backprop's, down to 0.5 of its time (forward gradient"
    assert title.startswith(expected)


def test_a_step_is_cheaper_only_if_its_interval_ends_below_1() -> None:
    tables = measurements.step_times()
    high = tables["bench"]["step_over_backprop_high"]
    tables["bench"]["step_over_backprop_high"] = high.clip(lower=1.1)
    title = step_times.draw(tables, "growth").get_suptitle()
    assert title.startswith("0 of 3 steps are cheaper than backprop's\n")


def test_every_panel_has_the_same_scale_and_the_bound_relative_to_backprop() -> None:
    figure = step_times.draw(measurements.step_times(), "growth")
    shown = [axes for axes in figure.axes if axes.get_visible()]
    assert len(shown) == 3
    assert len({axes.get_xlim() for axes in shown}) == 1
    for axes in shown:
        bounds = [line.get_xdata() for line in axes.lines if line.get_marker() == "|"]
        assert [list(bound) for bound in bounds] == [[0.5]]


def test_an_estimator_that_a_panel_lacks_is_said_to_be_not_measured() -> None:
    tables = measurements.step_times()
    bench = tables["bench"]
    first = bench["problem"] == bench["problem"].iloc[0]
    other = bench[first & (bench["estimator"] != "backprop")].assign(estimator="other")
    tables["bench"] = pd.concat([bench, other])
    panels = step_times.draw(tables, "growth").axes
    counts = [[text.get_text() for text in axes.texts].count("not measured") for axes in panels]
    assert counts[:3] == [0, 1, 1]


def test_the_title_warns_only_of_a_noisy_machine() -> None:
    noisy = step_times.draw(measurements.step_times(0.31), "growth")
    quiet = step_times.draw(measurements.step_times(), "growth")
    assert "NOISY MACHINE: other processes used 31%" in noisy.get_suptitle()
    assert "NOISY" not in quiet.get_suptitle()
