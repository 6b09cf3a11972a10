"""Mean counts of a program that chooses one of several branches at random."""

from collections.abc import Sequence
from statistics import fmean


def mean_count(counts: Sequence[float], probabilities: Sequence[float]) -> float:
    """Return the mean of the counts, weighted by the probabilities if there is one for each count.

    A program may also choose among another number of branches, whose probabilities are not known.
    All branches then have the same weight.
    """
    return fmean(counts, probabilities if len(probabilities) == len(counts) else None)
