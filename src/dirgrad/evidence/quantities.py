"""Every quantity that a claim may be about, by name."""

from dirgrad.evidence import Quantity, cost, noise, training

QUANTITIES: dict[str, Quantity] = {**noise.QUANTITIES, **cost.QUANTITIES, **training.QUANTITIES}
