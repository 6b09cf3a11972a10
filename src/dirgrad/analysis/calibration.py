"""How often a verdict is wrong where the truth is known: synthetic trials, through the same tables and verdicts as real ones.

The truth lies exactly at the criterion, so that `holds` and `does not hold` are both wrong: an estimator generalises as backprop
does, and the claim is that it does worse. The laws of the difference between seeds have light tails, normal ones, heavy ones, and
none on one side.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
from scipy import stats

from dirgrad.analysis.claims import Bounds, Claim
from dirgrad.analysis.claims_table import make
from dirgrad.analysis.tables import equal_loss
from dirgrad.analysis.verdicts import Outcome
from dirgrad.config.settings import Statistics

Law = Callable[[np.random.Generator, tuple[int, int]], np.ndarray]


def _middle_of_exponential() -> float:
    """The mean of the middle half of the exponential law."""
    quartiles = stats.expon.ppf([0.25, 0.75])
    return float(
        stats.expon.expect(lambda x: x, lb=quartiles[0], ub=quartiles[1], conditional=True)
    )


LAWS: Mapping[str, Law] = {
    "uniform": lambda rng, shape: rng.uniform(-1.0, 1.0, shape),
    "normal": lambda rng, shape: rng.standard_normal(shape),
    "Student t, 3 degrees": lambda rng, shape: rng.standard_t(3, shape),
    "exponential": lambda rng, shape: rng.exponential(size=shape) - _middle_of_exponential(),
}
"""Each with an inter-quartile mean of 0."""
COUNTS = (3, 5, 10, 20)
FAMILY = 20
"""Claims of a table, for the rate of tables with any wrong verdict."""
EFFECT = 4.0
"""Standard deviations, a real effect."""
CLAIM = {
    "source": "none",
    "statement": "The estimator does worse.",
    "quantity": "accuracy_difference_at_equal_loss",
    "criterion": Bounds(below=0.0),
}


def trials(differences: np.ndarray) -> dict[str, pd.DataFrame]:
    """Records of trials whose test accuracy at equal training loss is backprop's plus these: (claims, n), an experiment
    per claim."""
    claims, n = differences.shape
    experiment, seed = (
        one.ravel() for one in np.meshgrid(np.arange(claims), np.arange(n), indexing="ij")
    )
    same = {
        "backend": "jax",
        "stage": "final",
        "learning_rate": 0.1,
        "experiment": [f"e{i}" for i in experiment],
        "seed": seed,
    }
    parts, curves = [], []
    for name, shift in (("backprop", 0.0), ("forward_gradient", differences.ravel())):
        told = pd.DataFrame(same | {"estimator": name})
        parts.append(
            told.assign(estimator_kind=name, status="ok", valid_loss=np.nan, final_loss=1.0)
        )
        curves += [
            told.assign(step=step, loss=loss, test_accuracy=shift)
            for step, loss in ((0, 2.0), (10, 1.0))
        ]
    return {
        "trials": pd.concat(parts, ignore_index=True),
        "curves": pd.concat(curves, ignore_index=True),
    }


def table(differences: np.ndarray, settings: Statistics) -> pd.DataFrame:
    """The table `equal_loss` of these: (claims, n); a row per claim."""
    parts = [differences[first : first + 100] for first in range(0, len(differences), 100)]
    return pd.concat([equal_loss.make(trials(part), settings) for part in parts], ignore_index=True)


def evidence(table: pd.DataFrame, settings: Statistics) -> pd.DataFrame:
    """What the verdicts say of every row, all of one table: (claims,) rows."""
    # Places are told by their experiment, which the parts of a long table share.
    named = table.assign(experiment=[f"e{i}" for i in range(len(table))])
    claims = {"worse": Claim(**CLAIM)}  # type: ignore[arg-type]
    return make({"equal_loss": named}, claims, settings.confidence, "calibration").evidence


def rates(law: str, n: int, repeats: int, settings: Statistics) -> dict[str, float]:
    """Shares of `repeats` claims. wrong: decided although the truth is at the criterion, each claim in a table of its own;
    by_interval: were it decided by whether the interval excludes it; wrong_tables: of tables of FAMILY claims, those with any wrong
    verdict; found: of a real effect, each alone, over a quarter as many."""
    rng = np.random.default_rng([n, sum(law.encode())])
    null = table(LAWS[law](rng, (repeats, n)), settings)
    deviation = float(np.std(LAWS[law](rng, (1, 10_000))))
    effect = evidence(
        table(LAWS[law](rng, (max(1, repeats // 4), n)) - EFFECT * deviation, settings), settings
    )
    families = [null.iloc[first : first + FAMILY] for first in range(0, repeats, FAMILY)]
    decided = [(evidence(one, settings)["outcome"] != Outcome.OPEN).any() for one in families]
    # In a table of its own a claim's p-value is as it is.
    level = 1 - settings.confidence
    shares = {
        "wrong": evidence(null, settings)["p_value"] <= level,
        "by_interval": (null["difference_low"] > 0) | (null["difference_high"] < 0),
        "wrong_tables": np.array(decided),
        "found": (effect["p_value"] <= level) & (effect["value"] < 0),
    }
    return {name: float(np.asarray(one, float).mean()) for name, one in shares.items()}


def page(repeats: int) -> str:
    """The rates as Markdown, a row per law and n."""
    settings = Statistics(resamples=1000)
    head = [
        "law",
        "n",
        "wrong verdicts",
        "by the bare interval",
        f"tables of {FAMILY} with a wrong one",
        f"{EFFECT:g} sd found",
    ]
    lines: list[Sequence[str]] = [head, ["---"] * len(head)]
    for law in LAWS:
        for n in COUNTS:
            shares = rates(law, n, repeats, settings)
            lines.append([law, str(n), *(f"{100 * share:.1f} %" for share in shares.values())])
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines) + f"\n{repeats} claims a row.\n"
