"""Statuses in the rows of instruments: in records, and in the tables that are made from them."""

import pandas as pd

from dirgrad.records.schemas import MeasurementStatus


def with_status(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows with a status in each.

    Rows of earlier versions have no status, and everything in them was measured.
    """
    status = (
        rows["status"].fillna(MeasurementStatus.OK) if "status" in rows else MeasurementStatus.OK
    )
    return rows.assign(status=status)


def measured(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows whose status is `ok`."""
    return rows[with_status(rows)["status"] == MeasurementStatus.OK]
