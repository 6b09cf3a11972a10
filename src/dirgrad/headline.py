"""The table of the README: where each estimator ends, and what its step costs beside backprop's."""

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

HEAD = ["experiment", "framework", "estimator", "rate", "final training loss", "validation accuracy", "step / backprop's", "n"]


def markdown(
    final: pd.DataFrame, estimators: tuple[str, ...] = ("backprop", "forward_gradient", "finite_difference_central")
) -> str:
    """Rows of `final` at the best rate of each of these estimators, as Markdown: value [interval]."""
    best = final[final["best_rate"] & final["estimator"].isin(estimators)]
    base = best[best["estimator_kind"] == "backprop"].set_index(["experiment", "backend"])["step_seconds"]
    lines = [f"| {' | '.join(HEAD)} |", f"|{'---|' * len(HEAD)}"]
    for row in best.to_dict("records"):
        ratio = row["step_seconds"] / base.get((row["experiment"], row["backend"]), float("nan"))
        cells = [
            row["experiment"],
            row["backend"],
            row["estimator"],
            f"{row['learning_rate']:g}",
            _interval(row, "final_loss", ".3g"),
        ]
        cells += [_interval(row, "valid_accuracy", ".3f"), f"{ratio:.2f}", f"{row['n_ok']}/{row['n_seeds']}"]
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines) + "\n"


def _interval(row: Mapping[Hashable, Any], name: str, form: str) -> str:
    if pd.isna(row[name]):
        return ""
    return f"{row[name]:{form}} [{row[f'{name}_low']:{form}}, {row[f'{name}_high']:{form}}]"
