"""Records and tables as files, each written as a whole or not at all."""

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq


def to_table(rows: Iterable[Mapping[str, Any]], schema: pa.Schema) -> pa.Table:
    """Rows as a table of exactly the schema's columns; what a row lacks is null."""
    return pa.Table.from_pylist(
        [{name: row.get(name) for name in schema.names} for row in rows], schema
    )


def write_records(rows: pa.Table, provenance: Mapping[str, str], path: Path) -> None:
    """Write a parquet file, with the provenance in its metadata, atomically."""
    content = rows.replace_schema_metadata({b"dirgrad": json.dumps(dict(provenance)).encode()})
    write_atomically(path, lambda part: pq.write_table(content, part))


def write_atomically(path: Path, save: Callable[[Path], object]) -> None:
    """save(part) beside `path`, then renamed to it: a reader never sees half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".part-{path.name}")
    save(part)
    part.replace(path)


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV, numbers with nine digits, atomically."""
    write_atomically(path, lambda part: table.to_csv(part, index=False, float_format="%.9g"))


def read_provenance(path: Path) -> dict[str, str]:
    """Where the rows of a parquet file come from."""
    found: dict[str, str] = json.loads(pq.read_schema(path).metadata[b"dirgrad"])
    return found


def read_records(paths: Iterable[Path], schema: pa.Schema) -> pa.Table:
    """The rows of many parquet files of one schema, in the order of the paths; a column that a file lacks, as those of earlier
    versions may, is null."""
    parts = [pq.read_table(path).replace_schema_metadata() for path in paths]
    return pa.concat_tables([schema.empty_table(), *parts], promote_options="default").select(
        schema.names
    )
