"""The claims of config/claims.yaml, with hand-made tables in which each has a chosen value."""

from dirgrad.analysis.claims import load_claims
from dirgrad.analysis.selection import Estimators
from dirgrad.config import validation
from dirgrad.config.settings import Config
from support.cost_quantities import COST_CLAIMS
from support.noise_quantities import NOISE_CLAIMS
from support.paths import ROOT
from support.training_quantities import TRAINING_CLAIMS

CLAIM_TABLES = {**NOISE_CLAIMS, **COST_CLAIMS, **TRAINING_CLAIMS}
CLAIMS_FILE = ROOT / "config" / "claims.yaml"
CLAIMS = load_claims(CLAIMS_FILE)


def config_of_tier(tier: str) -> Config:
    """Return the configuration of a tier."""
    overlays = [] if tier == "default" else [ROOT / "config" / f"{tier}.yaml"]
    return validation.load([ROOT / "config" / "config.yaml", *overlays])


ESTIMATORS: Estimators = config_of_tier("default").estimators
