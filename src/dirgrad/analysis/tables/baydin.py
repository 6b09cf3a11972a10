"""The quantities of Baydin et al. 2022 beside ours: one row per quantity and backend.

Seconds are never compared with another machine's; their ratios are. The paper's value stands beside ours only where ours is
of a problem of the same size at the same rate, and with how it is known to us: `figure`, read off a crop of the paper's own
figure; `secondary`, from a reader's notes; `derived`, computed from the paper's definition.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from dirgrad.analysis.tables.crossing import crossing
from dirgrad.analysis.tables.summary import Records, scalars
from dirgrad.config.settings import Statistics
from dirgrad.records.schemas import Stage, Status

BACKPROP, FORWARD = "backprop", "forward_gradient"
FIGURES = {"beale": "2", "rosenbrock": "2", "logistic_regression": "3", "mlp": "4", "cnn": "5"}
"""The experiments, or problems of the measurement of cost `baydin`, that are figures of the paper."""


class Known(NamedTuple):
    """A value of the paper. rate: None where it does not depend on one, or which it was is not stated."""

    subject: str
    rate: float | None
    quantity: str
    value: float
    confidence: str
    dimension: int


LOGISTIC, MLP = 7_850, 1_863_690
PAPER = (
    Known("beale", None, "gradient_0", -3.434, "secondary", 2),
    Known("beale", None, "gradient_1", -0.808, "secondary", 2),
    Known("beale", 0.01, "backprop_final_loss", 5.5e-5, "figure", 2),
    Known("beale", 0.01, "seconds_forward_over_backprop", 0.19 / 0.22, "figure", 2),
    Known("rosenbrock", 5e-4, "backprop_final_loss", 5e-6, "figure", 2),
    Known("rosenbrock", 5e-4, "seconds_forward_over_backprop", 3.15 / 4.1, "figure", 2),
    Known("logistic_regression", 1e-4, "T_f_over_T_b", 0.553, "figure", LOGISTIC),
    Known("logistic_regression", 1e-4, "backprop_final_valid_loss", 0.55, "figure", LOGISTIC),
    Known("logistic_regression", 1e-4, "forward_final_valid_loss", 0.55, "figure", LOGISTIC),
    Known("mlp", 2e-5, "T_f_over_T_b", 0.567, "figure", MLP),
    Known("mlp", 2e-5, "backprop_final_valid_loss", 2.21, "figure", MLP),
    Known("mlp", 2e-5, "forward_final_valid_loss", 2.21, "figure", MLP),
    Known("mlp", 2e-4, "T_f_over_T_b", 0.229, "figure", MLP),
    Known("mlp", 2e-4, "backprop_final_valid_loss", 0.88, "figure", MLP),
    Known("mlp", 2e-4, "forward_final_valid_loss", 0.52, "figure", MLP),
    Known("mlp", None, "R_f", 2.46, "secondary", MLP),
    Known("mlp", None, "R_b", 4.17, "secondary", MLP),
)


def make(records: Records, settings: Statistics) -> pd.DataFrame:
    """`value` and its interval over `n` seeds (rounds, for R_f and R_b); T_f/T_b only where all of them reached backprop's lowest
    validation loss (`n_reached`). ratio_to_paper: ours over the paper's."""
    found = [
        *_gradients(records),
        *_trainings(records, settings),
        *_factors(records["cost"], settings),
    ]
    rows = [row | _known(row) for row in found]
    return pd.DataFrame(rows, columns=None if rows else ["figure", "problem", "quantity"])


def _known(row: Mapping[str, Any]) -> dict[str, Any]:
    """The paper's value of a row's quantity, if we know of one."""
    place = (row["problem"], row["learning_rate"], row["quantity"], row["dimension"])
    known = next(
        (one for one in PAPER if (one.subject, one.rate, one.quantity, one.dimension) == place),
        None,
    )
    paper = known.value if known else np.nan
    confidence = known.confidence if known else ""
    return {
        "paper_value": paper,
        "paper_confidence": confidence,
        "ratio_to_paper": row["value"] / paper,
    }


def _gradients(records: Records) -> Iterator[dict[str, Any]]:
    """Figure 1: the exact gradient at the point of the arrows."""
    rows = records["coordinates"]
    for _, row in rows[(rows["problem"] == "beale") & (rows["estimator"] == FORWARD)].iterrows():
        facts = {
            "figure": "1",
            "problem": "beale",
            "learning_rate": None,
            "dimension": row["dimension"],
            "backend": row["backend"],
        }
        yield facts | {"quantity": f"gradient_{row['coordinate']}", "value": row["gradient"]}


def _trainings(records: Records, settings: Statistics) -> Iterator[dict[str, Any]]:
    """Figures 2 to 5, from trials of one rate by both estimators."""
    trials = records["trials"]
    chosen = trials["estimator"].isin([BACKPROP, FORWARD]) & trials["experiment"].isin(FIGURES)
    ok = trials[chosen & (trials["stage"] == Stage.FINAL) & (trials["status"] == Status.OK)]
    place = ["experiment", "backend", "learning_rate"]
    curves = dict(
        iter(records["curves"].merge(ok[[*place, "estimator", "stage", "seed"]]).groupby(place))
    )
    for key, group in ok.groupby(place, sort=False):
        by_estimator = {
            name: group[group["estimator"] == name].set_index("seed")
            for name in (BACKPROP, FORWARD)
        }
        if all(map(len, by_estimator.values())):
            experiment, backend, rate = map(str, key)
            facts = {
                "figure": FIGURES[experiment],
                "problem": experiment,
                "learning_rate": float(rate),
                "backend": backend,
            }
            for quantity, values in _quantities(by_estimator, curves[key]).items():
                yield (
                    facts
                    | {"dimension": group["dimension"].iloc[0]}
                    | _summary(quantity, values, settings)
                )


def _quantities(trials: Mapping[str, pd.DataFrame], curves: pd.DataFrame) -> dict[str, np.ndarray]:
    backprop, forward = trials[BACKPROP], trials[FORWARD]
    seconds = (forward["train_seconds"] / backprop["train_seconds"]).dropna()
    found = {"seconds_forward_over_backprop": seconds.to_numpy()}
    validated = backprop["valid_loss"].notna().any()
    told, column = ("valid_loss", "valid_loss") if validated else ("loss", "final_loss")
    for name, rows in (("backprop", backprop), ("forward", forward)):
        found[f"{name}_final_{told}"] = rows[column].to_numpy()
    if validated:
        reached, lowest = (
            np.array([_times(curves[curves["seed"] == seed]) for seed in seconds.index])
            .reshape(-1, 2)
            .T
        )
        found |= {"T_f_seconds": reached, "T_b_seconds": lowest, "T_f_over_T_b": reached / lowest}
    return found


def _times(curves: pd.DataFrame) -> tuple[float, float]:
    """T_f and T_b of one seed: the seconds to backprop's lowest validation loss; NaN if the forward gradient does not reach it."""
    backprop, forward = (curves[curves["estimator"] == name] for name in (BACKPROP, FORWARD))
    lowest = int(backprop["valid_loss"].to_numpy().argmin())
    reached = crossing(
        forward["train_seconds"].to_numpy(),
        forward["valid_loss"].to_numpy(),
        backprop["valid_loss"].iloc[lowest],
    )
    return reached, float(backprop["train_seconds"].iloc[lowest])


def _factors(cost: pd.DataFrame, settings: Statistics) -> Iterator[dict[str, Any]]:
    """R_f and R_b: the time of the estimate over that of the function alone, of the measurement `baydin`."""
    for key, group in cost[cost["cost"] == "baydin"].groupby(["problem", "backend"], sort=False):
        problem, backend = map(str, key)
        forward = group[group["part"] == "forward"].set_index("round")["seconds"]
        facts = {
            "figure": FIGURES.get(problem, ""),
            "problem": problem,
            "learning_rate": None,
            "backend": backend,
        }
        facts |= {"dimension": group["dimension"].iloc[0]}
        for quantity, name in (("R_f", FORWARD), ("R_b", BACKPROP)):
            part = group[(group["estimator"] == name) & (group["part"] == "gradient")].set_index(
                "round"
            )["seconds"]
            yield facts | _summary(quantity, (part / forward).to_numpy(), settings)


def _summary(quantity: str, values: np.ndarray, settings: Statistics) -> dict[str, Any]:
    reached = np.isfinite(values)
    summary = scalars("value", values if reached.all() else values[:0], settings)
    return {"quantity": quantity, **summary, "n": len(values), "n_reached": int(reached.sum())}
