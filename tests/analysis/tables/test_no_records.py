"""Tables accept records without rows."""

from types import ModuleType

import pytest

from dirgrad.analysis.tables import (
    baydin,
    cost,
    equal_loss,
    matrix,
    memory,
    quality,
    scaling,
    stability,
    steps_by_dimension,
    steps_by_size,
    sweeps,
    targets,
)
from support.hand_made_records import QUICK, no_records


def module_name(table: ModuleType) -> str:
    """Return the name of the table, as the id of a case."""
    return table.__name__.rpartition(".")[2]


@pytest.mark.parametrize(
    "table",
    [
        baydin,
        targets,
        scaling,
        equal_loss,
        cost,
        matrix,
        memory,
        quality,
        stability,
        steps_by_dimension,
        steps_by_size,
        sweeps,
    ],
    ids=module_name,
)
def test_a_table_of_no_records_is_empty(table: ModuleType) -> None:
    assert table.make(no_records(), QUICK).empty
