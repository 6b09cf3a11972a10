"""Every table has the columns that it declares, with the declared roles."""

import pandas as pd
import pytest

from dirgrad.analysis.column_roles import FOLDERS, NAMES, TEXTS, allowed_values, values_column
from dirgrad.analysis.table_columns import DECLARED, DERIVED, MEANINGS, ROLES
from dirgrad.config import outputs
from support.paths import ROOT

REFERENCE = ROOT / "results" / "reference"
READABLE = [name for name, table in outputs.TABLES.items() if table.readable]


def committed(name: str) -> pd.DataFrame:
    """Return a table of the default tier, or of the tier `beyond` where only this tier has it."""
    paths = [REFERENCE / tier / "tables" / f"{name}.csv" for tier in ("default", "beyond")]
    return pd.read_csv(next(path for path in paths if path.exists()))


TABLES = {name: committed(name) for name in READABLE}


def test_claims_can_read_every_table_with_summaries() -> None:
    assert set(ROLES) == set(READABLE)


@pytest.mark.parametrize("name", READABLE)
def test_the_declared_columns_are_those_of_the_committed_table(name: str) -> None:
    assert set(DECLARED[name].file_columns()) == set(TABLES[name].columns)


@pytest.mark.parametrize("name", READABLE)
def test_facets_and_keys_tell_all_rows_apart(name: str) -> None:
    assert not TABLES[name].duplicated(list(ROLES[name].identity)).any()


@pytest.mark.parametrize("name", READABLE)
def test_special_columns_are_columns(name: str) -> None:
    roles = ROLES[name]
    assert {*roles.identity} <= {*roles.plain}
    assert {*roles.ratios, *roles.to_target} <= {*roles.sampled}
    assert {*roles.timed} <= {*roles.sampled, *roles.plain}
    assert {*roles.names, *roles.folders} <= {*roles.plain}
    assert {end for ends in roles.bounds.values() for end in ends} <= {*roles.plain}
    assert not roles.sampled or roles.n in roles.plain


@pytest.mark.parametrize("name", READABLE)
def test_every_text_of_a_committed_table_is_a_valid_value(name: str) -> None:
    raw_values = [values_column(column) for column in DECLARED[name].sampled]
    texts = TABLES[name].drop(columns=raw_values).select_dtypes(exclude="number")
    for column in texts:
        values = set(TABLES[name][column].dropna()) - {True, False}
        allowed = allowed_values(ROLES[name], column)
        if allowed is None:
            assert not values or column in {*TEXTS, "estimator"}, column
        else:
            assert values <= set(allowed), column


def test_a_column_of_text_has_one_kind_of_valid_values() -> None:
    assert not set(TEXTS) & {*FOLDERS, *NAMES}


def test_every_derived_column_has_a_meaning() -> None:
    derived = [column for columns in DERIVED.values() for column in columns]
    assert set(MEANINGS) <= set(derived)
    ends = ("_low", "_high", "_from", "_to")
    assert set(derived) == set(MEANINGS) | {name for name in derived if name.endswith(ends)}
