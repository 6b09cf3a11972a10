"""Figures against the number of layers label depths whose labels do not overlap."""

import pandas as pd
from matplotlib.figure import Figure

from dirgrad.report.figures import by_depth, style
from support.hand_made_tables import with_interval


def test_depths_that_are_close_share_one_label() -> None:
    assert by_depth.apart([2, 11, 41, 101, 161]) == [2, 11, 41, 161]
    assert by_depth.apart([4, 1, 2]) == [1, 2, 4]
    assert by_depth.apart([]) == []


def test_a_depth_without_a_label_has_a_point() -> None:
    axes = Figure().add_subplot()
    depths = [41, 101, 161]
    rows = pd.DataFrame({"estimator": "backprop", "depth": depths})
    rows = with_interval(rows, "bytes", 3.0)
    by_depth.draw_lines(axes, rows, "bytes", 1.0, style.line_styles(["backprop"]))
    assert list(axes.get_xticks()) == [41, 161]
    assert list(axes.lines[0].get_xdata()) == depths
