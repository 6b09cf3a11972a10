"""Tables that pages are made from, written by hand, and a reader of the pages."""

from html.parser import HTMLParser

import numpy as np
import pandas as pd

ORIGIN = '{"run_id": "0123456789ab", "records": []}'

ROWS = pd.DataFrame(
    {
        "estimator": ["backprop", "forward_gradient"],
        "precision": ["float32", "float32"],
        "n": [5, 5],
        "dimension": [669706, np.nan],
        "loss": [0.123456, 1089.6],
        "loss_low": [0.1, np.nan],
        "loss_high": [0.2, np.nan],
        "empty": [np.nan, np.nan],
    }
)
"""Rows with constant columns, an interval, a missing value and an empty column."""

CLAIMS = pd.DataFrame(
    {
        "id": ["cheaper", "slower"],
        "source": ["Baydin et al. 2022", "McGreivy & others"],
        "statement": ["A step is <cheaper> than backprop's.", "It needs more steps."],
        "quantity": ["R_f_over_R_b", "steps_over_backprop"],
        "criterion": ["below 1", "above 1"],
        "measured": [1.234, np.nan],
        "low": [1.1, np.nan],
        "high": [1.4, np.nan],
        "evidence": ["measured", "analogue"],
        "verdict": ["does not hold", "not run in this tier"],
        "question": ["Is a step <cheaper>?", np.nan],
        "holds": [0, 0],
        "fails": [1, 0],
        "open": [1, 0],
        "lowest": [1.234, np.nan],
        "highest": [4.0, np.nan],
        "at_least": [False, np.nan],
        "at_most": [False, np.nan],
    }
)
"""A claim that was measured and a claim that was not."""

EVIDENCE = pd.DataFrame(
    {
        "id": ["cheaper", "cheaper"],
        "at": ["framework jax", "framework torch"],
        "value": [1.234, 4.0],
        "low": [1.1, np.nan],
        "high": [1.4, np.nan],
        "at_least": [False, True],
        "at_most": [False, False],
        "outcome": ["does not hold", "inconclusive"],
        "reason": [np.nan, "2 values, fewer than 5"],
    }
)
"""The two places of the claim that was measured."""


class PageReader(HTMLParser):
    """Reader of an HTML page.

    Attributes:
        rows: Texts of the cells in every row of every table.
        requests: Addresses outside the page that a browser would load or link to.
    """

    def __init__(self, page: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.requests: list[str] = []
        self._in_cell = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        addresses = [str(value) for name, value in attrs if name in ("src", "href")]
        self.requests += [address for address in addresses if not address.startswith("data:")]
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
            self._in_cell = True

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self._in_cell = False

    def handle_data(self, data: str) -> None:
        if self._in_cell:
            self.rows[-1][-1] += data
