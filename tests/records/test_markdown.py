"""A Markdown table shows the text of every cell."""

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dirgrad.records.markdown import markdown_table

TEXT = st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1)
ROWS = st.lists(st.tuples(TEXT, TEXT), min_size=1)


def cells(line: str) -> list[str]:
    """Return the cells of a line of a table, as a Markdown reader splits it."""
    inner = line.removeprefix("| ").removesuffix(" |")
    return [unescape(cell.replace("\\|", "|")) for cell in re.split(r" (?<!\\)\| ", inner)]


def test_numbers_keep_their_form_and_cells_are_not_padded() -> None:
    table = markdown_table(["a", "b"], [["0.10", 1e-7], ["", "1e3"], ["long text", 2]])
    head, separator, *rows = table.splitlines()
    assert head == "| a | b |"
    assert set(separator) == {"|", "-"}
    assert rows == ["| 0.10 | 1e-07 |", "|  | 1e3 |", "| long text | 2 |"]
    assert table.endswith("|\n")


def test_a_vertical_bar_does_not_end_a_cell() -> None:
    assert markdown_table(["a"], [["|x|"]]).splitlines()[-1] == "| \\|x\\| |"


@pytest.mark.parametrize("text", ["<script>x()</script>", "</td>", "<!--", "a <b", "<?x"])
def test_a_cell_begins_no_tag_and_no_comment(text: str) -> None:
    line = markdown_table(["a"], [[text]]).splitlines()[-1]
    assert not re.search("<[a-z/!?]", line)
    assert cells(line) == [text]


def test_a_line_break_does_not_end_a_row() -> None:
    assert markdown_table(["a"], [["first\nsecond"]]).splitlines()[-1] == "| first second |"


@given(ROWS)
def test_a_reader_gets_every_cell_back(rows: list[tuple[str, str]]) -> None:
    _, _, *lines = markdown_table(["a", "b"], rows).splitlines()
    assert [tuple(cells(line)) for line in lines] == rows
