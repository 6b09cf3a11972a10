"""Every quantity that a claim can name, collected from the modules of this package."""

from dirgrad.analysis.evidence import cost, noise, training
from dirgrad.analysis.evidence.reading import Quantity

QUANTITIES: dict[str, Quantity] = {**noise.QUANTITIES, **cost.QUANTITIES, **training.QUANTITIES}
