"""Trials written by hand whose evaluations to the target grow with the dimension."""

from typing import Any

from support.hand_made_descents import Descent, descent

DIMENSIONS = (10, 40, 90)
TARGET_LOSS = 2.5
SEEDS = (0, 1, 2)


def trial(
    dimension: int,
    seed: int,
    evaluations: int,
    final_loss: float = TARGET_LOSS,
    **columns: Any,
) -> Descent:
    """Return a trial that spends its evaluations, one per step, on a descent to `final_loss`."""
    facts: dict[str, Any] = {
        "experiment": f"growth_{dimension}",
        "dimension": dimension,
        "problem": "quadratic",
        "direction": "sphere",
        "num_directions": 1,
        "optimizer": "sgd",
        "estimator_kind": "forward_gradient",
    }
    losses = [4.0, 3.5, 3.0, final_loss]
    descending = descent("sphere", seed, losses, 1.0, evaluations=evaluations, **(facts | columns))
    # The last two record points are one step apart, so the effort is exact.
    steps = (0, 10, evaluations - 1, evaluations)
    points = [point | {"step": step} for point, step in zip(descending.points, steps, strict=True)]
    return Descent(descending.trial | {"steps": evaluations}, points)


def growing(**columns: Any) -> dict[tuple[int, int], Descent]:
    """Return trials by dimension and seed; evaluations grow with the square root of dimension."""
    return {
        (d, seed): trial(d, seed, round((100 + seed) * d**0.5), **columns)
        for d in DIMENSIONS
        for seed in SEEDS
    }
