"""Read and write records (parquet) and tables (CSV). Every write is atomic."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from dirgrad.records import damage
from dirgrad.records.atomic import write_atomically as write_atomically
from dirgrad.records.columns import STRING

if TYPE_CHECKING:
    # A job writes no CSV file, and pandas takes half a second to import.
    import pandas as pd

METADATA_KEY = b"dirgrad"
"""Key of the provenance in the metadata of a parquet file."""


def to_table(rows: Iterable[Mapping[str, Any]], schema: pa.Schema) -> pa.Table:
    """Return the rows as a table with exactly the columns of `schema`.

    A column that a row lacks is null. A key that the schema lacks is dropped.
    """
    # One conversion of all rows takes a twelfth of the time of `Table.from_pylist`.
    row_type = pa.struct(list(schema))
    structs = pa.scalar(list(rows), pa.list_(row_type)).values
    return pa.Table.from_struct_array(structs)


def write_records(rows: pa.Table, provenance: Mapping[str, str], path: Path) -> None:
    """Write a parquet file atomically, with the provenance as JSON in its metadata."""
    metadata = {METADATA_KEY: json.dumps(dict(provenance)).encode()}
    content = rows.replace_schema_metadata(metadata)
    write_atomically(path, lambda part: pq.write_table(content, part))


def write_table(table: "pd.DataFrame", path: Path) -> None:
    """Write a table as CSV atomically. Numbers have nine significant digits."""

    def save(part: Path) -> None:
        table.to_csv(part, index=False, float_format="%.9g")

    write_atomically(path, save)


def read_provenance(path: Path) -> dict[str, str]:
    """Return the provenance of a parquet file of records.

    Raises:
        UserError: The file is damaged.
    """
    with damage.named(path):
        text = pq.read_schema(path).metadata[METADATA_KEY]
        provenance: dict[str, str] = json.loads(text)
    return provenance


def read_records(paths: Iterable[Path], schema: pa.Schema) -> pa.Table:
    """Return the rows of several parquet files, in the order of the paths.

    A column of numbers that a file lacks is null, because files of earlier versions may lack new
    columns. No column is read from the names of folders, such as `seed=3`.

    Raises:
        UserError: A file is damaged, or lacks a column of text, such as a name or a status.
    """
    # The empty table keeps the schema if there are no files.
    return pa.concat_tables([schema.empty_table(), *(_rows(path, schema) for path in paths)])


def _rows(path: Path, schema: pa.Schema) -> pa.Table:
    """Return the rows of a parquet file with exactly the columns of `schema`."""
    with damage.named(path), pq.ParquetFile(path) as file:
        rows = file.read().replace_schema_metadata()
    texts = (column.name for column in schema if column.type == STRING)
    damage.require_columns(path, rows.column_names, texts)
    with damage.named(path):
        # The empty table adds the missing columns.
        combined = pa.concat_tables([schema.empty_table(), rows], promote_options="default")
    return combined.select(schema.names)
