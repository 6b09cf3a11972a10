"""Claims read nothing from rows of instruments that were not measured."""

from collections.abc import Iterator

import pandas as pd
import pytest

from dirgrad.analysis.claims_table import read
from dirgrad.analysis.evidence.quantities import Value
from dirgrad.analysis.table_columns import DECLARED
from dirgrad.analysis.verdicts import Evidence, estimate
from support.hand_made_quantities import CLAIMS, ESTIMATORS
from support.hand_made_tables import Tables, with_unmeasured_rows
from support.paths import ROOT

MEASURED = dict(read(ROOT / "results" / "reference" / "default" / "tables"))
KEPT = {
    "memory": ("dimension", "depth", "length", "batch_size"),
    "quality": ("num_directions", "eps", "dimension", "length", "batch_size"),
}
"""Columns that are known of a row that was not measured."""
NAMES = [name for name, claim in CLAIMS.items() if {*claim.quantity.tables} & {*KEPT}]


WITH_OTHERS = MEASURED | {
    name: with_unmeasured_rows(MEASURED[name], *kept, status="unsupported")
    for name, kept in KEPT.items()
}


def evidence_in(tables: Tables) -> Iterator[tuple[str, Evidence]]:
    for name in NAMES:
        for evidence in CLAIMS[name].quantity.evidence(tables, ESTIMATORS):
            yield name, evidence


def test_rows_that_were_not_measured_change_no_evidence() -> None:
    expected = list(evidence_in(MEASURED))
    assert {name for name, _ in expected} >= {"memory_is_alike", "noise_grows_with_dimension"}
    assert str(list(evidence_in(WITH_OTHERS))) == str(expected)


@pytest.mark.parametrize(("name", "count"), [("memory", "n"), ("quality", "draws")])
def test_a_count_of_zero_is_no_evidence(name: str, count: str) -> None:
    quantity = Value.model_validate({"kind": "value", "table": name, "of": count})
    values = [estimate(item, 0.95).value for item in quantity.evidence(WITH_OTHERS, ESTIMATORS)]
    assert len(values) == len(MEASURED[name])
    assert min(values) > 0


@pytest.mark.parametrize("name", KEPT)
def test_the_columns_that_are_kept_are_columns_of_the_table(name: str) -> None:
    assert {*KEPT[name]} <= {*DECLARED[name].plain}
    assert isinstance(MEASURED[name], pd.DataFrame)
