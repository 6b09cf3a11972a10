"""Describe facets in words: where a value was measured, and how groups of values differ."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import TypeAlias

Facets: TypeAlias = Mapping[str, str | int | float]
"""The facets of one measurement by name, such as its framework and its problem."""
Rule: TypeAlias = tuple[tuple[str, object], ...]
"""A condition on facets: names with the values that they must have."""


def conditions(held: Sequence[Facets], others: Sequence[Facets]) -> str:
    """Describe in words how the facets in `held` differ from the facets in `others`.

    The description is a short list of rules: together they cover every entry of `held`, and they
    cover no entry of `others`. The search is greedy: each step adds the rule that covers the most
    remaining entries, and among equals the shortest.
    """
    rules: list[Rule] = []
    uncovered = list(held)
    while uncovered:
        valid = [
            rule
            for rule in _candidate_rules(uncovered)
            if not any(_covers(rule, facets) for facets in others)
        ]
        rule = _best_rule(valid, uncovered)
        rules.append(rule)
        uncovered = [facets for facets in uncovered if not _covers(rule, facets)]
    return _describe_rules(rules)


def _candidate_rules(entries: Sequence[Facets]) -> list[Rule]:
    """Return every rule that covers at least one of the entries, shortest rules first."""
    sizes = range(1, len(entries[0]) + 1)
    return [
        rule for size in sizes for facets in entries for rule in combinations(facets.items(), size)
    ]


def _best_rule(rules: Sequence[Rule], uncovered: Sequence[Facets]) -> Rule:
    def score(rule: Rule) -> tuple[int, int]:
        n_covered = sum(_covers(rule, facets) for facets in uncovered)
        return n_covered, -len(rule)

    return max(rules, key=score)


def _covers(rule: Rule, facets: Facets) -> bool:
    return all(facets[name] == value for name, value in rule)


def _describe_rules(rules: Sequence[Rule]) -> str:
    """Join rules by "or"; rules that differ only in the last value become one."""
    last_values: dict[tuple[Rule, str], list[object]] = {}
    for rule in rules:
        name, value = rule[-1]
        last_values.setdefault((rule[:-1], name), []).append(value)
    parts = [_describe_rule(*first, values) for first, values in last_values.items()]
    return ", or ".join(parts)


def _describe_rule(first: Rule, name: str, values: Sequence[object]) -> str:
    parts = [f"{facet} is {join_or([value])}" for facet, value in first]
    return " and ".join([*parts, f"{name} is {join_or(values)}"])


def join_or(values: Sequence[object]) -> str:
    """Join values as "a, b or c"."""
    *first, last = map(_format, values)
    return f"{', '.join(first)} or {last}" if first else last


def _format(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def describe(facets: Facets) -> str:
    """Describe facets as "name value, name value"."""
    return ", ".join(f"{name} {join_or([value])}" for name, value in facets.items())
