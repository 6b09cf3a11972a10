"""The names of the parameters define the layers of every built-in problem."""

import pytest

from dirgrad.core import layers
from support.cases import CASES

NUMBERED = ("bias_0", "weight_0"), ("bias_1", "weight_1"), ("bias_2", "weight_2")
EXPECTED = {
    "logistic_regression": (("bias_0", "weight_0"),),
    "mlp": NUMBERED,
    "cnn_same": (
        *NUMBERED,
        ("bias_3", "weight_3"),
        ("bias_hidden", "weight_hidden"),
        ("bias_out", "weight_out"),
    ),
    "rnn": (
        ("bias_in", "weight_in"),
        ("bias_out", "weight_out"),
        ("bias_recurrent", "weight_recurrent"),
    ),
    "transformer": (
        ("contract_0", "expand_0", "key_0", "mix_0", "query_0", "value_0"),
        ("contract_1", "expand_1", "key_1", "mix_1", "query_1", "value_1"),
        ("weight_in",),
        ("weight_out",),
    ),
    "quadratic": (("x",),),
}


@pytest.mark.parametrize("problem", EXPECTED)
def test_a_weight_and_its_bias_form_a_layer(problem: str) -> None:
    assert layers.layers(CASES[problem].params()) == EXPECTED[problem]


def test_the_layers_do_not_depend_on_the_order_of_the_names() -> None:
    names = [f"{kind}_{i}" for i in range(12) for kind in ("weight", "bias")]
    expected = tuple((f"bias_{i}", f"weight_{i}") for i in range(12))
    assert layers.layers(names) == layers.layers(sorted(names)) == expected


def test_names_without_an_underscore_are_layers_of_their_own() -> None:
    assert layers.layers(["weight", "bias"]) == (("bias",), ("weight",))


def test_blocks_join_consecutive_layers() -> None:
    groups = tuple((f"x_{i}",) for i in range(5))
    assert layers.blocks(groups, 2) == (("x_0", "x_1"), ("x_2", "x_3", "x_4"))
    assert layers.blocks(groups, 9) == groups
