"""Every quantity that a claim may be about, by name."""

from dirgrad.analysis.evidence import cost, noise, training
from dirgrad.analysis.evidence.reading import Quantity

QUANTITIES: dict[str, Quantity] = {**noise.QUANTITIES, **cost.QUANTITIES, **training.QUANTITIES}
