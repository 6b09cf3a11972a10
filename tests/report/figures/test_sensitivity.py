"""The figure `sensitivity` shows the loss only at rates without a failed trial."""

import pytest

from dirgrad.report.figures import sensitivity
from support import hand_made_tables as training
from support.figure_text import legend_labels


def test_a_line_omits_rates_at_which_a_trial_failed() -> None:
    figure = sensitivity.draw({"final": training.tuned()}, "mlp")
    lines = figure.axes[0].get_lines()
    assert all(list(line.get_xdata()) == [0.1] for line in lines)


def test_a_ring_marks_only_the_selected_rate_of_its_estimator() -> None:
    final = training.tuned().assign(n_ok=3)
    other = (final["estimator"] == "backprop") & (final["stage"] == "final")
    final.loc[other, "learning_rate"] = 0.2
    lines = sensitivity.draw({"final": final}, "mlp").axes[0].get_lines()
    rings = {line.get_color(): list(line.get_xdata()) for line in lines[1::2]}
    assert [list(line.get_xdata()) for line in lines[::2]] == [[0.1, 0.2], [0.1, 0.2]]
    assert list(rings.values()) == [[0.2], [0.1]]


@pytest.mark.parametrize("failed", [("jax",), ("jax", "torch")], ids=["one", "both"])
def test_a_framework_without_a_survivor_has_a_panel_that_says_so(failed: tuple[str, ...]) -> None:
    final = training.tuned()
    is_lost = final["backend"].isin(failed)
    final = final[~(is_lost & (final["stage"] == "final"))]
    lost = final["backend"].isin(failed)
    losses = [name for name in final if "loss" in name]
    final.loc[lost, ["n_ok", "best_rate"]] = (0, False)
    final.loc[lost, losses] = float("nan")
    figure = sensitivity.draw({"final": final}, "mlp")
    figure.draw_without_rendering()
    texts = [[text.get_text() for text in axes.texts] for axes in figure.axes]
    expected = [[sensitivity.NO_SURVIVOR] if name in failed else [] for name in ("jax", "torch")]
    assert texts == expected
    assert legend_labels(figure) == ["backprop", "forward gradient"]
