"""Markdown tables of pages and README files."""

from collections.abc import Iterable, Sequence
from typing import Any

from tabulate import tabulate


def markdown_table(head: Sequence[str], rows: Iterable[Iterable[Any]]) -> str:
    """Return a Markdown table; every cell shows the text of its value, with `|` escaped."""
    cells = [[str(cell).replace("|", "\\|") for cell in row] for row in rows]
    # tabulate would otherwise print numbers its own way, and pad the cells of a column to the
    # longest one: the table of claims would be three times as large, and each edit would change
    # every line of it.
    text = tabulate(cells, head, tablefmt="github", disable_numparse=True, stralign=None)
    return f"{text}\n"
