"""The figure `sensitivity` shows the loss only at rates without a failed trial."""

from dirgrad.report.figures import sensitivity
from support import hand_made_tables as training


def test_a_line_omits_rates_at_which_a_trial_failed() -> None:
    figure = sensitivity.draw({"final": training.tuned()}, "mlp")
    lines = figure.axes[0].get_lines()
    assert all(list(line.get_xdata()) == [0.1] for line in lines)
