"""Tables written by hand and saved as a run saves them."""

from pathlib import Path

import pandas as pd

from dirgrad.analysis.table_columns import DECLARED


def write_complete(table: pd.DataFrame, path: Path) -> None:
    """Write a table with all its declared columns; a column that the table lacks is null."""
    columns = dict.fromkeys([*table, *DECLARED[path.stem].file_columns()])
    table.reindex(columns=[*columns]).to_csv(path, index=False)
