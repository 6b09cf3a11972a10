"""Hand-made tables for every quantity that a claim can name, with a chosen value."""

from support.cost_quantities import COST_QUANTITIES
from support.noise_quantities import NOISE_QUANTITIES
from support.training_quantities import TRAINING_QUANTITIES

QUANTITY_TABLES = {**NOISE_QUANTITIES, **COST_QUANTITIES, **TRAINING_QUANTITIES}
