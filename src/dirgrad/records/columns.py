"""Columns of the schemas of records: their data types, and several columns of one type."""

import pyarrow as pa

BOOLEAN, FLOAT, INTEGER, STRING = pa.bool_(), pa.float64(), pa.int64(), pa.string()


def columns(data_type: pa.DataType, *names: str) -> list[tuple[str, pa.DataType]]:
    """Return one column of the same type per name."""
    return [(name, data_type) for name in names]
