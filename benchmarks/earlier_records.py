"""Convert records of commit 98d6021 to the present schemas.

That version had other names for three columns, and no folder `training`. It did not record the
bound of an estimate's multiplications, its energy and its device, nor the sparsity of a trial;
these columns are null.

    python benchmarks/earlier_records.py EARLIER --out CONVERTED

reads the parquet files in the directory EARLIER and writes each of them to CONVERTED. All values
are copied.
"""

import argparse
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from dirgrad.records.files import METADATA_KEY, write_records
from dirgrad.records.schemas import SCHEMAS

RENAMED = {
    "directions_k": "num_directions",
    "layers": "depth",
    "others_cpu_share": "other_cpu_fraction",
}
"""Present names of the columns that had another name."""
TRAINING = ("trials", "curves")
"""Kinds of records that lay in EXPERIMENT/BACKEND and now lie in training/EXPERIMENT/BACKEND."""


def converted(rows: pa.Table, kind: str) -> pa.Table:
    """Return records with exactly the columns of the present schema, without metadata.

    Args:
        rows: Records of the earlier version.
        kind: Kind of the records, a key of SCHEMAS.

    Raises:
        ValueError: The records have a column that the present schema lacks, or a value that does
            not fit its data type.
    """
    named = rows.rename_columns([RENAMED.get(name, name) for name in rows.column_names])
    schema = SCHEMAS[kind]
    unknown = {*named.column_names} - {*schema.names}
    if unknown:
        raise ValueError(f"{kind}: the present schema has no column '{min(unknown)}'")
    columns = [
        named[field.name].cast(field.type)
        if field.name in named.column_names
        else pa.nulls(len(named), field.type)
        for field in schema
    ]
    return pa.Table.from_arrays(columns, schema=schema)


def convert(source: Path, out: Path, commit: str | None = None) -> list[Path]:
    """Convert every parquet file in a directory, and return the new files.

    Args:
        source: Directory of the records of the earlier version.
        out: Directory of the converted records.
        commit: Commit of the code that wrote the records, if the files name another one.
    """
    written = []
    for path in sorted(source.rglob("*.parquet")):
        relative = path.relative_to(source)
        target = out / ("training" if path.stem in TRAINING else "") / relative
        rows = pq.read_table(path)
        facts = json.loads(rows.schema.metadata[METADATA_KEY])
        if commit is not None:
            facts["commit"] = commit
        write_records(converted(rows, path.stem), facts, target)
        written.append(target)
    return written


def main() -> None:
    """Convert the directory that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("source", type=Path, metavar="EARLIER")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--commit", help="commit of the code, if the files name another one")
    arguments = parser.parse_args()
    written = convert(arguments.source, arguments.out, arguments.commit)
    print(f"{len(written)} files written to {arguments.out}")


if __name__ == "__main__":
    main()
