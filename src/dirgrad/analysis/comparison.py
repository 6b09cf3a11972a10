"""The possible results of comparing a number or a verdict with a reference."""

from enum import StrEnum


class Comparison(StrEnum):
    """The result of comparing one number or verdict with the reference."""

    SAME = "same"
    NEW = "not in the reference"
    OTHER_VERSIONS = "versions differ"
    NOT_COMPARED = "not compared"
    POWER = "decided in one run only"
    ALLOWED = "decided otherwise within the allowed difference"
    CHANGED = "changed"
    WORSE = "worse"
    BETTER = "better"
    MISSING = "missing"


FLAGGED = (Comparison.CHANGED, Comparison.WORSE, Comparison.BETTER, Comparison.MISSING)
"""Results that make a comparison fail."""
LISTED = (Comparison.POWER, Comparison.ALLOWED)
"""Results that are listed and do not make it fail."""
