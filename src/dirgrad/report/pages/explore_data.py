"""Points of the interactive page: the columns of tables that it can draw, as compact arrays."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from dirgrad.records.schemas import Stage
from dirgrad.records.statuses import measured
from dirgrad.report.pages.explore_columns import BYTES, METHOD, SOURCES, TO_TARGET

Tables = Mapping[str, pd.DataFrame]
"""Rows of tables by name; tables that a run does not have are left out."""
NAMES = ("job", METHOD, "backend", "problem")
"""Columns of text that identify a point, besides its learning rate."""
SAME_WORKLOAD = ["experiment", "backend", METHOD, "batch_size", "dimension"]
"""Columns in which a trained step and a measured step must agree."""
DIGITS = 6
"""Significant digits of the numbers in the page."""


def blocks(tables: Tables, most_points: int) -> list[dict[str, Any]]:
    """Return the points of all sources as arrays, ready for JSON.

    Args:
        tables: Rows of tables by name.
        most_points: Largest number of points of a curve. Of a longer curve, evenly spaced points
            remain, with the first and the last.

    Returns:
        A dictionary per source that has points. `names` holds the values of every text column and
        `codes` their indices, one per point; `x` and `n` hold numbers; `y` holds the values and
        the two ends of their intervals. An unknown number is None.
    """
    by_name = {
        "curves": thinned(_curves(tables), most_points),
        "ends": _ends(tables),
        "rates": _rates(tables),
        **{kind: _measured(tables, kind) for kind in ("cost", "memory", "quality", "stability")},
    }
    return [_block(name, rows) for name, rows in by_name.items() if len(rows)]


def thinned(curves: pd.DataFrame, most_points: int) -> pd.DataFrame:
    """Return at most this number of evenly spaced rows of every curve, in order."""
    if curves.empty:
        return curves
    keys = ["experiment", "backend", METHOD, "learning_rate"]
    position = curves.groupby(keys, sort=False).cumcount()
    last = curves.groupby(keys, sort=False)[METHOD].transform("size") - 1
    every = np.maximum(np.ceil(last / (most_points - 1)), 1)
    kept: pd.DataFrame = curves[(position % every == 0) | (position == last)]
    return kept


def _table(tables: Tables, name: str) -> pd.DataFrame:
    return tables.get(name, pd.DataFrame())


def _curves(tables: Tables) -> pd.DataFrame:
    """Return the curves of the final trials, with the evaluations of the loss at every point."""
    curves = _table(tables, "curves")
    if curves.empty:
        return curves
    curves = curves[curves["stage"] == Stage.FINAL]
    keys = ["experiment", "backend", METHOD, "learning_rate"]
    ends = _final(tables).reindex(columns=[*keys, "problem", "evaluations", "best_rate"])
    rows = curves.merge(ends, on=keys, how="left")
    last = rows.groupby(keys, sort=False)["step"].transform("max")
    return rows.assign(evaluations=rows["step"] * rows["evaluations"] / last)


def _final(tables: Tables) -> pd.DataFrame:
    """Return the rows of the table `final` of stage final."""
    final = _table(tables, "final")
    if final.empty:
        return final
    loss = {f"final_loss{end}": f"loss{end}" for end in ("", "_low", "_high")}
    return final[final["stage"] == Stage.FINAL].rename(columns=loss)


def _ends(tables: Tables) -> pd.DataFrame:
    """Return the ends of training, with the effort to the target and the bytes of a step."""
    ends = _final(tables)
    if ends.empty:
        return ends
    rate = ["experiment", "backend", METHOD, "learning_rate"]
    targets = _table(tables, "targets")
    if len(targets):
        efforts = [name for column in TO_TARGET for name in _with_ends(column)]
        ends = ends.merge(targets[[*rate, *efforts]], on=rate, how="left")
    ends = ends.merge(_last_points(tables), on=rate, how="left")
    cost = _table(tables, "cost")
    if len(cost):
        cost = _with_bytes(cost).rename(columns={"problem": "experiment"})
        cost = cost[[*SAME_WORKLOAD, BYTES]].dropna().drop_duplicates(SAME_WORKLOAD)
        ends = ends.merge(cost, on=SAME_WORKLOAD, how="left")
    return ends


def _last_points(tables: Tables) -> pd.DataFrame:
    """Return the last step of each curve and its seconds."""
    keys = ["experiment", "backend", METHOD, "learning_rate"]
    curves = _table(tables, "curves")
    if curves.empty:
        return pd.DataFrame(columns=[*keys, "step", "train_seconds"]).astype({keys[-1]: float})
    curves = curves[curves["stage"] == Stage.FINAL]
    last: pd.DataFrame = curves.groupby(keys, sort=False)[["step", "train_seconds"]].last()
    return last.reset_index()


def _rates(tables: Tables) -> pd.DataFrame:
    """Return the ends of training at all learning rates: of the search, if there was one."""
    final = _table(tables, "final")
    if final.empty:
        return final
    loss = {f"final_loss{end}": f"loss{end}" for end in ("", "_low", "_high")}
    final = final.rename(columns=loss)
    searched = final["experiment"].isin(final.loc[final["stage"] != Stage.FINAL, "experiment"])
    rows = final[~searched | (final["stage"] != Stage.FINAL)]
    # A single rate makes no axis.
    return rows[rows.groupby("experiment")["learning_rate"].transform("nunique") > 1]


def _measured(tables: Tables, kind: str) -> pd.DataFrame:
    """Return the rows of an instrument's table that were measured."""
    rows = _table(tables, kind)
    rows = measured(rows) if len(rows) else rows
    if kind == "cost" and len(rows):
        return _with_bytes(rows)
    if kind == "memory" and len(rows):
        counted = rows["xla_temp_bytes"].fillna(rows["graph_temp_bytes"])
        return rows.assign(temp_bytes=counted)
    return rows


def _with_bytes(cost: pd.DataFrame) -> pd.DataFrame:
    """Return the table `cost` with the temporary memory that the framework counts for a step."""
    counted = cost["step_xla_temp_bytes"].fillna(cost["step_graph_temp_bytes"])
    return cost.assign(**{BYTES: counted})


def _with_ends(name: str) -> tuple[str, str, str]:
    return name, f"{name}_low", f"{name}_high"


def _block(name: str, rows: pd.DataFrame) -> dict[str, Any]:
    """Return the points of a source as arrays."""
    source = SOURCES[name]
    section = "experiment" if source.kind == "training" else source.kind
    rows = rows.assign(job=source.kind + "/" + rows[section].astype(str))
    codes, names = {}, {}
    for column in NAMES:
        numbers, distinct = pd.factorize(_texts(rows, column))
        codes[column], names[column] = numbers.tolist(), [str(value) for value in distinct]
    best = rows["best_rate"] if "best_rate" in rows else pd.Series(index=rows.index, dtype=object)
    numeric = [column for column in source.x if column in rows and column != METHOD]
    return {
        "source": name,
        "names": names,
        "codes": codes,
        "rate": numbers_of(rows, "learning_rate"),
        # Without the table `final`, the best rate is unknown, and every rate may be shown.
        "best": [int(flag is not False) for flag in best.where(best.notna(), None).tolist()],
        "x": {column: numbers_of(rows, column) for column in numeric if rows[column].notna().any()},
        "y": {
            column: [numbers_of(rows, part) for part in _with_ends(column)]
            for column in source.y
            if column in rows and rows[column].notna().any()
        },
        "n": numbers_of(rows, source.n),
        "sample": source.sample,
        "methods": METHOD in source.x,
    }


def _texts(rows: pd.DataFrame, column: str) -> np.ndarray:
    """Return a column of names, which are `unknown` where the table has none."""
    values = rows[column] if column in rows else pd.Series(index=rows.index, dtype=object)
    return values.astype(object).where(values.notna(), "unknown").to_numpy()


def numbers_of(rows: pd.DataFrame, column: str) -> list[float | None]:
    """Return a column with `DIGITS` significant digits; None for a number that is not finite."""
    if column not in rows:
        return [None] * len(rows)
    values = pd.to_numeric(rows[column], errors="coerce").astype(float).tolist()
    return [_rounded(value) if np.isfinite(value) else None for value in values]


def _rounded(value: float) -> float:
    number = float(f"{value:.{DIGITS}g}")
    return int(number) if number.is_integer() and abs(number) < 1e15 else number
