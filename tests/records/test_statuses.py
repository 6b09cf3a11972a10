"""Rows of instruments have a status, and rows of earlier versions were measured."""

import pandas as pd

from dirgrad.records.statuses import measured, with_status

ROWS = pd.DataFrame({"n": [1, 2, 3], "status": ["ok", "failed", None]})


def test_only_rows_that_are_ok_were_measured() -> None:
    assert measured(ROWS)["n"].to_list() == [1, 3]


def test_rows_without_a_status_were_measured() -> None:
    earlier = ROWS[["n"]]
    assert measured(earlier)["n"].to_list() == [1, 2, 3]
    assert with_status(earlier)["status"].to_list() == ["ok", "ok", "ok"]
    assert measured(earlier[:0]).empty
