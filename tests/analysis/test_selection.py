"""Estimators are selected by kind and options, never by a name."""

from typing import Any

import pytest

from dirgrad.analysis.selection import names_of_selected, parse
from support.hand_made_quantities import ESTIMATORS

RANDOM = {"kind": "directional_descent", "candidate": "random"}
SELECTIONS: list[tuple[Any, set[str]]] = [
    ("backprop", {"backprop"}),
    ({"kind": "checkpointed_backprop"}, {"checkpointed_backprop"}),
    (
        {"kind": "forward_gradient", "direction": "gaussian", "num_directions": 1},
        {"forward_gradient"},
    ),
    (
        {"kind": "forward_gradient", "direction": "gaussian", "num_directions": [1, 4]},
        {"forward_gradient", "forward_gradient_k4"},
    ),
    (
        {"kind": "forward_gradient", "direction": {"kind": "replayed", "direction": "rademacher"}},
        {"forward_gradient_replayed"},
    ),
    ({"kind": "forward_gradient", "direction": {"kind": "replayed", "direction": "sphere"}}, set()),
    (RANDOM | {"window": 1}, {"directional_random_online"}),
    (RANDOM | {"window": None, "num_directions": 1}, {"directional_random"}),
    (
        {"kind": "directional_descent", "candidate": {"kind": "mixture", "candidate": "random"}},
        set(),
    ),
    (
        {
            "kind": "directional_descent",
            "candidate": ["diagonal_rtrl", {"kind": "truncated_gradient", "truncation": [1, 4]}],
        },
        {"directional_diagonal", "directional_truncated", "directional_truncated_1"},
    ),
]


@pytest.mark.parametrize(("spec", "names"), SELECTIONS, ids=[str(spec) for spec, _ in SELECTIONS])
def test_an_option_that_is_left_out_may_have_any_value(spec: Any, names: set[str]) -> None:
    assert set(names_of_selected([parse("estimators", spec)], ESTIMATORS)) == names


def test_the_selection_does_not_depend_on_the_names_of_the_configuration() -> None:
    renamed = {f"my_{name}": estimator for name, estimator in ESTIMATORS.items()}
    selector = parse("estimators", {"kind": "forward_gradient", "direction": "rank_one"})
    names = names_of_selected([selector], ESTIMATORS)
    assert names_of_selected([selector], renamed) == [f"my_{name}" for name in names]


def test_a_selector_is_described_by_its_options() -> None:
    text = str(parse("estimators", RANDOM | {"window": None, "num_directions": [1, 8]}))
    assert text == "directional_descent (candidate random, window null, num_directions 1 or 8)"
