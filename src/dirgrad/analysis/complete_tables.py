"""Read tables from CSV files, and refuse one that lacks a column."""

from importlib import import_module
from pathlib import Path

import pandas as pd

from dirgrad.analysis.column_roles import ColumnRoles, values_column
from dirgrad.analysis.samples import parse_samples
from dirgrad.config import outputs
from dirgrad.records import damage
from dirgrad.records.csv_tables import read_table


def read_complete_table(path: Path) -> pd.DataFrame:
    """Return the table in a CSV file, whose name is the name of the table.

    Claims and figures would take a missing column for absent evidence. A table without rows may
    have fewer columns.

    Raises:
        UserError: The file is damaged, or lacks a column that the module of the table declares.
    """
    table = read_table(path)
    if path.stem in outputs.TABLES and len(table):
        module = import_module(f"dirgrad.analysis.tables.{path.stem}")
        roles: ColumnRoles | None = getattr(module, "COLUMN_ROLES", None)
        if roles:
            damage.require_columns(path, table.columns, roles.file_columns())
            _require_raw_values(path, table, roles)
    return table


def _require_raw_values(path: Path, table: pd.DataFrame, roles: ColumnRoles) -> None:
    """Raise UserError if the raw values behind a mean cannot be read."""
    for name in map(values_column, roles.sampled):
        with damage.named(path):
            for text in table[name].dropna():
                parse_samples(text)
