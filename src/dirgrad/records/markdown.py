"""Markdown tables of pages and README files."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from tabulate import tabulate


def markdown_table(head: Sequence[str], rows: Iterable[Iterable[Any]]) -> str:
    """Return a Markdown table; every cell shows the text of its value, also of HTML."""
    cells = [[_escaped(str(cell)) for cell in row] for row in rows]
    # tabulate would otherwise print numbers its own way, and pad the cells of a column to the
    # longest one: the table of claims would be three times as large, and each edit would change
    # every line of it.
    text = tabulate(cells, head, tablefmt="github", disable_numparse=True, stralign=None)
    return f"{text}\n"


def interval_cell(row: Mapping[Any, Any], name: str, low: str = "", high: str = "") -> str:
    """Return `value [low, high]`, only the value without an interval, or "" without a value."""
    value = row[name]
    if np.isnan(value):
        return ""
    ends = row[low or f"{name}_low"], row[high or f"{name}_high"]
    if not np.isfinite(ends).all():
        return f"{value:.3g}"
    return f"{value:.3g} [{ends[0]:.3g}, {ends[1]:.3g}]"


def _escaped(text: str) -> str:
    """Return a text for a cell, on one line, that neither ends the cell nor begins a tag."""
    on_one_line = text.replace("\r", " ").replace("\n", " ").replace("|", "\\|")
    without_entities = re.sub(r"&(?=#?\w)", "&amp;", on_one_line)
    return re.sub(r"<(?=[A-Za-z/!?])", "&lt;", without_entities)
