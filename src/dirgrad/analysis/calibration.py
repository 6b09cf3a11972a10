"""Measure how often verdicts are wrong, on synthetic trials for which the truth is known.

The synthetic trials go through the same tables and verdicts as real ones. The truth lies exactly at
the criterion: the claim says that an estimator does worse than backprop, and in truth it does
equally well. Hence both `holds` and `does not hold` are wrong. The outcomes of both estimators have
the same distribution, and are paired by seed.
"""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from dirgrad.analysis.bounds import Bounds
from dirgrad.analysis.claims import Claim
from dirgrad.analysis.tables import equal_loss
from dirgrad.analysis.verdicts import Evidence, Outcome, decide
from dirgrad.config.settings import Statistics
from dirgrad.records.markdown import markdown_table

Distribution = Callable[[np.random.Generator, tuple[int, int]], np.ndarray]
"""Draws an array of the given shape."""


def _bimodal(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """Draw outcomes of trials; half of them succeed and half fail."""
    return rng.choice([-1.0, 1.0], shape) + 0.1 * rng.standard_normal(shape)


DISTRIBUTIONS: Mapping[str, Distribution] = {
    "normal": lambda rng, shape: rng.standard_normal(shape),
    "uniform": lambda rng, shape: rng.uniform(-1.0, 1.0, shape),
    "Student t, 3 degrees": lambda rng, shape: rng.standard_t(3, shape),
    "exponential": lambda rng, shape: rng.exponential(size=shape),
    "bimodal": _bimodal,
}
"""Distributions of the outcome of a trial."""
COUNTS = (3, 5, 10, 20)
"""Numbers of seeds that the page shows."""
FAMILY = 20
"""Places of one claim when counting claims with at least one wrong place."""
EFFECT = 2.0
"""Size of the real effect, in standard deviations of the paired differences."""
CLAIM = Claim(
    source="none",
    statement="The estimator does worse.",
    evidence="measured",
    quantity={"kind": "value", "table": "equal_loss", "of": "difference"},  # type: ignore[arg-type]
    criterion=Bounds(below=0.0),
)
PART = 100
"""Places per call of `equal_loss.make`."""


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


def places(differences: np.ndarray, settings: Statistics) -> list[Evidence]:
    """Return the evidence for these differences, (places, n); one place per row."""
    table = equal_loss_table(differences, settings)
    # The parts of a long table reuse experiment names, but evidence needs a distinct one per row.
    renamed = table.assign(experiment=[f"e{i}" for i in range(len(table))])
    return list(CLAIM.quantity.evidence({"equal_loss": renamed}, {}))


def outcomes(evidence: list[Evidence], settings: Statistics) -> list[Outcome]:
    """Return the outcomes of places that belong to one claim."""
    decisions = decide(evidence, CLAIM.criterion.interval, settings.confidence)
    return [decision.outcome for decision in decisions]


def paired_differences(
    law: str, rng: np.random.Generator, shape: tuple[int, int], effect: float
) -> np.ndarray:
    """Return differences of outcomes, (places, n), shifted down by a real effect.

    Args:
        law: Name of the distribution of both outcomes, a key of `DISTRIBUTIONS`.
        rng: Random generator.
        shape: Numbers of places and of seeds.
        effect: Real effect in standard deviations of the differences.
    """
    draw = DISTRIBUTIONS[law]
    deviation = float(np.std(draw(rng, (1, 10_000)))) * np.sqrt(2)
    differences: np.ndarray = draw(rng, shape) - draw(rng, shape) - effect * deviation
    return differences


def verdict_rates(law: str, n: int, repeats: int, settings: Statistics) -> dict[str, float]:
    """Return the shares of wrong and of right outcomes for n seeds per place.

    Args:
        law: Name of the distribution of outcomes, a key of `DISTRIBUTIONS`.
        n: Seeds per place.
        repeats: Number of places whose truth lies at the criterion.
        settings: Confidence level and bootstrap settings.

    Returns:
        Four shares, by name. `wrong`: places that are decided although the truth lies at the
        criterion, each the only place of its claim. `wrong_claims`: claims of FAMILY places with at
        least one wrong place. `detected`: places with the real effect that are decided correctly,
        each the only place of its claim. `detected_in_claim`: the same for places in claims of
        FAMILY places.
    """
    rng = np.random.default_rng([n, sum(law.encode())])
    null = places(paired_differences(law, rng, (repeats, n), 0.0), settings)
    effect = places(paired_differences(law, rng, (repeats, n), EFFECT), settings)
    null_claims = [null[start : start + FAMILY] for start in range(0, repeats, FAMILY)]
    effect_claims = [effect[start : start + FAMILY] for start in range(0, repeats, FAMILY)]
    events = {
        "wrong": [outcomes([place], settings) != [Outcome.OPEN] for place in null],
        "wrong_claims": [set(outcomes(claim, settings)) != {Outcome.OPEN} for claim in null_claims],
        "detected": [outcomes([place], settings) == [Outcome.HOLDS] for place in effect],
        "detected_in_claim": [
            outcome is Outcome.HOLDS
            for claim in effect_claims
            for outcome in outcomes(claim, settings)
        ],
    }
    return {name: float(np.mean(values)) for name, values in events.items()}


def page(repeats: int) -> str:
    """Return a Markdown table of the rates, one row per distribution and number of seeds."""
    settings = Statistics(resamples=100)
    header = [
        "law of outcomes",
        "n",
        "wrong places",
        f"wrong claims of {FAMILY} places",
        f"{EFFECT:g} sd detected",
        f"{EFFECT:g} sd detected in a claim of {FAMILY} places",
    ]
    rows = []
    for law in DISTRIBUTIONS:
        for n in COUNTS:
            shares = verdict_rates(law, n, repeats, settings)
            percentages = [f"{100 * share:.1f} %" for share in shares.values()]
            rows.append([law, n, *percentages])
    return f"{markdown_table(header, rows)}\n{repeats} places per row.\n"
