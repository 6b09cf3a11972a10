"""Decide how the verdict on a claim differs between a fresh run and its reference.

- Equal verdicts are the same.
- A place that one run decides for the claim and the other against it is a contradiction. It is
  excused if the numbers agree and depend on the machine: seconds, or bounds of a grid.
- "holds" against "does not hold" is a change, also if no place decides in both runs.
- Any other difference is one of power: a place decides in one run and is open in the other.
"""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from dirgrad.analysis.comparison import Comparison
from dirgrad.analysis.run_numbers import Key, Numbers
from dirgrad.analysis.verdicts import NOT_RUN, Interval, Outcome, decide, verdict

OPPOSITE = {Outcome.HOLDS, Outcome.FAILS}


class Judged(NamedTuple):
    """A claim, judged by the numbers of a run.

    Attributes:
        name: The verdict.
        outcomes: Outcome by the key of the number at each place.
    """

    name: str
    outcomes: Mapping[Key, Outcome]


def judge(claim: str, criterion: Interval, numbers: Numbers, confidence: float) -> Judged:
    """Judge a claim by those numbers of a run that belong to it.

    Args:
        claim: Id of the claim.
        criterion: Its criterion.
        numbers: Numbers of the run.
        confidence: Confidence level of the verdict.
    """
    places = {key: number.evidence for key, number in numbers.items() if key[0] == claim}
    decisions = decide([*places.values()], criterion, confidence)
    outcomes = [decision.outcome for decision in decisions]
    judged = verdict([place.facets for place in places.values()], outcomes)
    return Judged(judged.name, dict(zip(places, outcomes, strict=True)))


def compare_verdicts(fresh: Judged, reference: Judged, excused: Collection[Key]) -> Comparison:
    """Return how the verdict of a fresh run differs from the reference.

    Args:
        fresh: The claim, judged by the fresh run.
        reference: The claim, judged by the reference.
        excused: Places whose numbers agree and depend on the machine.
    """
    if fresh.name == reference.name:
        return Comparison.SAME
    if reference.name == NOT_RUN:
        return Comparison.NEW
    if fresh.name == NOT_RUN:
        return Comparison.MISSING
    contradictions = [
        key
        for key, outcome in reference.outcomes.items()
        if {outcome, fresh.outcomes.get(key)} == OPPOSITE
    ]
    if any(key not in excused for key in contradictions):
        return Comparison.CHANGED
    if {fresh.name, reference.name} == {str(outcome) for outcome in OPPOSITE}:
        return Comparison.ALLOWED if contradictions else Comparison.CHANGED
    return Comparison.ALLOWED if contradictions else Comparison.POWER
