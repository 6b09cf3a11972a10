"""The figure `paper_beside_ours` shows our values over the paper's, and bounds as arrows."""

import numpy as np
import pandas as pd

from dirgrad.report.figures import paper_beside_ours, saving
from support import hand_made_tables as training


def test_a_value_is_a_point_and_a_missed_loss_is_an_arrow_at_its_bound() -> None:
    (axes,) = paper_beside_ours.draw({"baydin": training.baydin()}).axes
    points = [line for line in axes.lines if line.get_marker() in ("o", "s")]
    arrows = [line for line in axes.lines if line.get_marker() == ">"]
    assert [list(line.get_xdata()) for line in points] == [[2.0], [2.0]]
    assert [list(line.get_xdata()) for line in arrows] == [[12.0], [12.0]]


def test_a_range_between_record_points_is_a_bar_and_no_bound() -> None:
    times = training.baydin()
    missed = times["ratio_to_paper"].isna() & times["paper_value"].notna()
    times.loc[missed, "ratio_to_paper_to"] = 14.0
    figure = paper_beside_ours.draw({"baydin": times})
    (axes,) = figure.axes
    arrows = [line for line in axes.lines if line.get_marker() == ">"]
    assert all(len(line.get_xdata()) == 0 for line in arrows)
    bars = [path[:, 0] for part in axes.collections for path in part.get_segments()]
    assert sum(np.allclose(bar, [12.0, 14.0]) for bar in bars) == 2
    assert "times 2 to 14 times the paper's\n" in figure.get_suptitle()


def test_each_row_names_its_quantity_its_rate_and_the_paper_value() -> None:
    (axes,) = paper_beside_ours.draw({"baydin": training.baydin()}).axes
    names = [text.get_text() for text in axes.get_yticklabels()]
    assert names == [f"mlp, rate {rate}: $T_f / T_b$ (paper 0.25)" for rate in (0.1, 0.2)]


def test_the_title_states_the_range_of_the_ratios_and_the_losses_that_were_missed() -> None:
    title = paper_beside_ours.draw({"baydin": training.baydin()}).get_suptitle()
    assert title.startswith("Measured here: times 2 to 2 times the paper's (2 not reached)")


def test_rows_without_a_value_of_the_paper_are_not_drawn() -> None:
    tables = {"baydin": training.baydin().assign(paper_value=np.nan)}
    title = paper_beside_ours.draw(tables).get_suptitle()
    assert title.startswith("No value of the paper has a counterpart here")


def test_one_framework_of_a_tier_without_the_experiments_of_the_paper_is_drawn() -> None:
    tables = {"baydin": pd.DataFrame(columns=["figure", "problem", "quantity"])}
    figure = saving.one_framework(paper_beside_ours.draw, tables, (), "torch")
    assert "No value of the paper has a counterpart here" in figure.get_suptitle()
