"""Style in which the tests of this folder draw figures."""

from collections.abc import Iterator

import pytest

from dirgrad.report.figures import style


@pytest.fixture(autouse=True)
def _figure_style() -> Iterator[None]:
    """Set the style of the figures, with intervals at a confidence of 95 %."""
    with style.figure_style(0.95):
        yield
