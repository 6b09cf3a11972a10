"""Measure how often verdicts are wrong, on synthetic trials for which the truth is known.

The synthetic trials go through the same tables and verdicts as real ones. The truth lies exactly at
the criterion: the claim says that an estimator does worse than backprop, and in truth it does
equally well. Hence both `holds` and `does not hold` are wrong. The differences between seeds follow
distributions with light, normal and heavy tails, and one distribution with a single tail.
"""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from scipy import stats

from dirgrad.analysis import claims_table
from dirgrad.analysis.bounds import Bounds
from dirgrad.analysis.claims import Claim
from dirgrad.analysis.tables import equal_loss
from dirgrad.analysis.verdicts import Outcome
from dirgrad.config.settings import Statistics
from dirgrad.records.markdown import markdown_table

Distribution = Callable[[np.random.Generator, tuple[int, int]], np.ndarray]
"""Draws an array of the given shape."""


def _exponential_inter_quartile_mean() -> float:
    quartiles = stats.expon.ppf([0.25, 0.75])
    mean = stats.expon.expect(lambda x: x, lb=quartiles[0], ub=quartiles[1], conditional=True)
    return float(mean)


DISTRIBUTIONS: Mapping[str, Distribution] = {
    "uniform": lambda rng, shape: rng.uniform(-1.0, 1.0, shape),
    "normal": lambda rng, shape: rng.standard_normal(shape),
    "Student t, 3 degrees": lambda rng, shape: rng.standard_t(3, shape),
    "exponential": lambda rng, shape: (
        rng.exponential(size=shape) - _exponential_inter_quartile_mean()
    ),
}
"""Distributions of the differences between seeds; each has an inter-quartile mean of 0."""
COUNTS = (3, 5, 10, 20)
"""Numbers of seeds that the page shows."""
FAMILY = 20
"""Claims per table when counting tables with at least one wrong verdict."""
EFFECT = 4.0
"""Size of the real effect, in standard deviations."""
CLAIM = {
    "source": "none",
    "statement": "The estimator does worse.",
    "quantity": {"kind": "value", "table": "equal_loss", "of": "difference"},
    "criterion": Bounds(below=0.0),
}
PART = 100
"""Claims per call of `equal_loss.make`."""


def trials(differences: np.ndarray) -> dict[str, pd.DataFrame]:
    """Return records of trials with these differences in test accuracy at equal training loss.

    Args:
        differences: Accuracy of the estimator minus accuracy of backprop, (claims, n): one row per
            experiment, one column per seed.

    Returns:
        The records `trials` and `curves`.
    """
    experiment, seed = np.indices(differences.shape).reshape(2, -1)
    shared = {
        "backend": "jax",
        "stage": "final",
        "learning_rate": 0.1,
        "experiment": [f"e{i}" for i in experiment],
        "seed": seed,
    }
    accuracies: dict[str, float | np.ndarray] = {
        "backprop": 0.0,
        "forward_gradient": differences.ravel(),
    }
    losses = {0: 2.0, 10: 1.0}
    outcomes, curves = [], []
    for estimator, accuracy in accuracies.items():
        rows = pd.DataFrame(shared | {"estimator": estimator})
        outcomes.append(
            rows.assign(estimator_kind=estimator, status="ok", valid_loss=np.nan, final_loss=1.0)
        )
        curves += [
            rows.assign(step=step, loss=loss, test_accuracy=accuracy)
            for step, loss in losses.items()
        ]
    return {
        "trials": pd.concat(outcomes, ignore_index=True),
        "curves": pd.concat(curves, ignore_index=True),
    }


def equal_loss_table(differences: np.ndarray, settings: Statistics) -> pd.DataFrame:
    """Return the table `equal_loss` for these differences, (claims, n); one row per claim."""
    starts = range(0, len(differences), PART)
    parts = [differences[start : start + PART] for start in starts]
    tables = [equal_loss.make(trials(part), settings) for part in parts]
    return pd.concat(tables, ignore_index=True)


def judged_evidence(table: pd.DataFrame, settings: Statistics) -> pd.DataFrame:
    """Return the judged evidence, one row per row of the table, all adjusted together by Holm."""
    # The parts of a long table reuse experiment names, but evidence needs a distinct one per row.
    renamed = table.assign(experiment=[f"e{i}" for i in range(len(table))])
    claims = {"worse": Claim(**CLAIM)}  # type: ignore[arg-type]
    tables = {"equal_loss": renamed}
    judged = claims_table.make(tables, claims, {}, settings.confidence, "calibration")
    return judged.evidence


def verdict_rates(law: str, n: int, repeats: int, settings: Statistics) -> dict[str, float]:
    """Return the shares of wrong and of right verdicts for n seeds per claim.

    Args:
        law: Name of the distribution, a key of `LAWS`.
        n: Seeds per claim.
        repeats: Number of claims whose truth lies at the criterion.
        settings: Confidence level and bootstrap settings.

    Returns:
        Four shares, by name. `wrong`: claims that are decided although the truth lies at the
        criterion, each judged without the others. `by_interval`: claims that would be decided if
        an interval that excludes the criterion were enough. `wrong_tables`: tables of FAMILY claims
        with at least one wrong verdict. `detected`: claims with a real effect that are decided
        correctly, each judged without the others; a quarter as many claims.
    """
    rng = np.random.default_rng([n, sum(law.encode())])
    draw = DISTRIBUTIONS[law]
    null = equal_loss_table(draw(rng, (repeats, n)), settings)
    deviation = float(np.std(draw(rng, (1, 10_000))))
    shifted = draw(rng, (max(1, repeats // 4), n)) - EFFECT * deviation
    effect = judged_evidence(equal_loss_table(shifted, settings), settings)
    families = [null.iloc[start : start + FAMILY] for start in range(0, repeats, FAMILY)]
    wrong_tables = [
        (judged_evidence(family, settings)["outcome"] != Outcome.OPEN).any() for family in families
    ]
    # A claim judged without others has an unadjusted p-value.
    level = 1 - settings.confidence
    shares = {
        "wrong": judged_evidence(null, settings)["p_value"] <= level,
        "by_interval": (null["difference_low"] > 0) | (null["difference_high"] < 0),
        "wrong_tables": np.array(wrong_tables),
        "detected": (effect["p_value"] <= level) & (effect["value"] < 0),
    }
    return {name: float(np.asarray(events, float).mean()) for name, events in shares.items()}


def page(repeats: int) -> str:
    """Return a Markdown table of the rates, one row per distribution and number of seeds."""
    settings = Statistics(resamples=1000)
    header = [
        "law",
        "n",
        "wrong verdicts",
        "wrong by the bare interval",
        f"tables of {FAMILY} with a wrong verdict",
        f"{EFFECT:g} sd detected",
    ]
    rows = []
    for law in DISTRIBUTIONS:
        for n in COUNTS:
            shares = verdict_rates(law, n, repeats, settings)
            percentages = [f"{100 * share:.1f} %" for share in shares.values()]
            rows.append([law, n, *percentages])
    return f"{markdown_table(header, rows)}\n{repeats} claims per row.\n"
