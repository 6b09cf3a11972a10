"""What a step of every estimator costs, counted exactly on small nets: a change in one of these is a change of the program.

Products are those of matrices, in multiples of the function's own; bytes of XLA are of the version in requirements.lock.
"""

from typing import Any, NamedTuple

import numpy as np
import pytest

from dirgrad import backends
from dirgrad.components import registry
from dirgrad.config import plan
from dirgrad.core import theory, tree
from dirgrad.core.types import Backend
from dirgrad.runs.instruments import programs, workload
from support.cases import compiled


class Gate(NamedTuple):
    """products: of the JAX step, torch's step. xla, graph: temporary bytes, of a step that renews its parameters in place. saved:
    bytes on torch's tape."""

    spec: dict[str, Any]
    evaluations: int
    products: tuple[int, int]
    xla: int
    graph: int
    saved: int


SIGNS = {"direction": "rademacher"}
OUTER, AGAIN = {"direction": "rank_one"}, {"direction": {"kind": "replayed"} | SIGNS}
FORWARD, DIFFERENCE = (
    {"kind": "forward_gradient"} | SIGNS,
    {"kind": "finite_difference", "eps": 1e-3} | SIGNS,
)
MLP = {"kind": "mlp", "dataset": "digits", "hidden": [16, 16]}
# 2 * 8 * (64 * 16 + 16 * 16 + 16 * 10), and twice the latter two and once the first for a derivative in either mode.
MLP_PRODUCTS, MLP_BOTH, MLP_INNER = 23040, 52736, 6656
K4_PRODUCTS = MLP_PRODUCTS + 4 * (MLP_INNER + 2048) + 2 * 4 * (64 * 16 + 16 * 16 + 16 * 10 + 42)
K4_GRAM = 2 * 4 * 4 * (64 + 16 + 16 + 16 + 16 + 10 + 42)
DEEP = {"kind": "mlp", "dataset": "digits", "hidden": [16], "repeat": 9}
DEEP_HIDDEN, DEEP_BOTH = 49152, 138752
RNN = {"kind": "rnn", "dataset": {"kind": "copy", "delay": 6}, "hidden": 8}
RNN_PRODUCTS = 13824
NETS = {"mlp": MLP, "deep": DEEP, "rnn": RNN}
GATES = {
    # The two hidden outputs of 8 * 16 and the logits of 8 * 10 floats, with the total weight of the cross-entropy.
    "mlp-backprop": Gate(
        {"kind": "backprop"}, 1, (MLP_BOTH, MLP_BOTH), 8644, 6448, 4 * (2 * 8 * 16 + 8 * 10 + 1)
    ),
    # torch multiplies the zero tangent of the images: three products for the first layer too.
    "mlp-forward": Gate(FORWARD, 1, (MLP_BOTH, 3 * MLP_PRODUCTS), 4864, 12880, 0),
    # Beyond the function the tangents of the two inner layers' inputs alone; in JAX also products of vectors, of which there are
    # 2 * 8 * (64 + 16 + 16), and their tangents, 2 * 8 * (16 + 16), which XLA leaves out.
    "mlp-rank_one": Gate(
        {"kind": "forward_gradient"} | OUTER,
        1,
        (MLP_PRODUCTS + MLP_INNER + 2048, MLP_PRODUCTS + MLP_INNER),
        1856,
        2396,
        0,
    ),
    # The function's own pass once. Per direction the tangents above and the products of vectors; an update of 2 * 4 * (64 * 16
    # + 16 * 16 + 16 * 10), and of the 42 biases.
    "mlp-rank_one_k4": Gate(
        {"kind": "forward_gradient", "num_directions": 4} | OUTER,
        4,
        (K4_PRODUCTS,) * 2,
        6272,
        8900,
        0,
    ),
    # Beside that the 4 by 4 products of the directions, from their factors, and what solves for the weights.
    "mlp-projected_k4": Gate(
        {"kind": "projected_forward_gradient", "num_directions": 4} | OUTER,
        4,
        (K4_PRODUCTS + K4_GRAM + 160, K4_PRODUCTS + K4_GRAM),
        7488,
        8900,
        0,
    ),
    # torch does not multiply the images' zero tangent here; JAX counts the tangents of products with v, which XLA leaves out.
    "mlp-replayed": Gate(
        {"kind": "forward_gradient"} | AGAIN, 1, (MLP_BOTH + MLP_INNER, MLP_BOTH), 8000, 8388, 0
    ),
    "mlp-replayed_difference": Gate(
        {"kind": "finite_difference", "scheme": "forward", "eps": 1e-3} | AGAIN,
        2,
        (2 * MLP_PRODUCTS,) * 2,
        7360,
        8560,
        0,
    ),
    "mlp-mezo": Gate(
        {"kind": "mezo", "eps": 1e-3} | AGAIN, 2, (2 * MLP_PRODUCTS,) * 2, 2560, 8392, 0
    ),
    # Each direction takes the function's own pass again; one estimate more is held while they add up.
    "mlp-forward_k4": Gate(
        FORWARD | {"num_directions": 4}, 4, (4 * MLP_BOTH, 12 * MLP_PRODUCTS), 13376, 18864, 0
    ),
    "mlp-forward_difference": Gate(
        DIFFERENCE | {"scheme": "forward"}, 2, (2 * MLP_PRODUCTS,) * 2, 4864, 12376, 0
    ),
    "mlp-central_difference": Gate(
        DIFFERENCE | {"scheme": "central"}, 2, (2 * MLP_PRODUCTS,) * 2, 4992, 12376, 0
    ),
    # Nine hidden outputs of 8 * 16 and the logits; with three segments what goes into the last two, what comes out, and the three
    # outputs of one. The hidden layers run again; JAX finds the cotangent of the images too, and holds the gradient of every
    # weight, which on so small a minibatch is more than activations are.
    "deep-backprop": Gate(
        {"kind": "backprop"}, 1, (DEEP_BOTH,) * 2, 12676, 14064, 4 * (9 * 8 * 16 + 8 * 10 + 1)
    ),
    "deep-checkpointed": Gate(
        {"kind": "checkpointed_backprop", "segment": 3},
        2,
        (DEEP_BOTH + DEEP_HIDDEN + 2 * 8 * 64 * 16, DEEP_BOTH + DEEP_HIDDEN),
        15648,
        14064,
        4 * ((2 + 1 + 3) * 8 * 16 + 8 * 10 + 1),
    ),
    # JAX multiplies the zero tangent of the first state, and the scan's body cannot leave out what its first step does not need.
    "rnn-backprop": Gate({"kind": "backprop"}, 1, (36352, 35328), 9368, 3192, 2436),
    "rnn-forward": Gate(FORWARD, 1, (36352, 3 * RNN_PRODUCTS), 3616, 2784, 0),
    # Of windows of 4: the answer is read at every step, not at those asked for alone.
    "rnn-truncated": Gate(
        {"kind": "truncated_bptt", "window": 4}, 1, (47104, 45056), 8720, 3504, 2736
    ),
    "rnn-checkpointed": Gate(
        {"kind": "checkpointed_bptt", "segment": 4}, 2, (64512, 63488), 9936, 5412, 3888
    ),
    "rnn-directional": Gate(
        {"kind": "directional_descent", "candidate": {"kind": "random"} | SIGNS},
        1,
        (47104, 52224),
        4760,
        3344,
        0,
    ),
    # A tangent for each of 156 parameters.
    "rnn-rtrl": Gate({"kind": "rtrl"}, 1, (4649984, 4655104), 285016, 351132, 0),
    # The tape of one step at a time.
    "rnn-uoro": Gate({"kind": "uoro"}, 1, (107520, 109952), 6624, 4332, 1188),
}


def measured(
    backend: Backend, gate: str, net: dict[str, Any] | None = None, batch: int = 8
) -> tuple[Any, workload.Workload, programs.Program]:
    """(estimator, what it is measured on, its step), in float32 on a minibatch of 8."""
    problem = {
        "problems": {"net": net or NETS[gate.partition("-")[0]]},
        "estimators": ["one"],
        "batch_sizes": [batch],
    }
    raw = {
        "tier": "test",
        "backends": [backend.name],
        "run": {"threads": 1},
        "experiments": {},
        "cost": {"gate": problem},
    }
    made = plan.measurement(
        raw | {"estimators": {"one": GATES[gate].spec}}, f"cost/gate/{backend.name}"
    )
    about = workload.workload(made, backend, "net", batch)
    _, step = programs.estimate_and_step(backend, about, made.estimators["one"])
    return made.estimators["one"], about, step


def counts(backend: Backend, part: programs.Program) -> dict[str, int]:
    prepared, _ = programs.compile(backend, part)
    return prepared.counts | backend.engine.saved_bytes(part.build, part.arguments)


@pytest.mark.parametrize("gate", GATES)
def test_a_step_costs_what_it_did(gate: str) -> None:
    expected = GATES[gate]
    for name, products in zip(backends.NAMES, expected.products, strict=True):
        estimator, _, step = measured(backends.load(name, 1, "float32"), gate)
        found = counts(backends.load(name, 1, "float32"), step)
        bytes_of = {"jax": {"xla_temp_bytes": expected.xla}}.get(
            name, {"graph_temp_bytes": expected.graph, "saved_bytes": expected.saved}
        )
        assert {key: found[key] for key in bytes_of} | {
            "products": found["product_flops"]
        } == bytes_of | {"products": products}
        assert estimator.evaluations == expected.evaluations


@pytest.mark.parametrize(
    "gate",
    [
        "backprop",
        "forward",
        "forward_difference",
        "central_difference",
        "replayed_difference",
        "mezo",
    ],
)
def test_jax_does_no_more_products_than_the_floor(gate: str) -> None:
    backend = backends.load("jax", 1, "float32")
    estimator, about, step = measured(backend, f"mlp-{gate}")
    forward = counts(backend, programs.forward(about))["product_flops"]
    direction = registry.kind(estimator.direction) if estimator.direction else ""
    told = (estimator.evaluations, estimator.num_directions)
    least = theory.least_products(
        registry.kind(estimator), direction, *told, MLP_BOTH / forward - 1
    )
    assert forward == MLP_PRODUCTS
    assert counts(backend, step)["product_flops"] == pytest.approx(least * forward)


def test_torch_does_no_more_products_along_outer_products_than_the_floor() -> None:
    backend = backends.load("torch", 1, "float32")
    _, _, step = measured(backend, "mlp-rank_one")
    assert theory.least_products(
        "forward_gradient", "rank_one", 1, 1, MLP_BOTH / MLP_PRODUCTS - 1
    ) * MLP_PRODUCTS == pytest.approx(counts(backend, step)["product_flops"])


def test_k_directions_could_share_the_functions_own_pass() -> None:
    assert theory.least_products("forward_gradient", "gaussian", 4, 4, 1.5) == 1 + 4 * 1.5
    assert np.isnan(theory.least_products("uoro", "gaussian", 1, 0, 1.5))


# By each further layer a part of what backprop holds more: the factors of a direction, if anything; with segments of three, what
# goes into every third layer, and the gradient of its weights.
GROWTH = {"mlp-rank_one": 0.05, "mlp-replayed": 0.05, "mlp-mezo": 0.05, "deep-checkpointed": 0.5}


@pytest.mark.parametrize("name", backends.NAMES)
@pytest.mark.parametrize("gate", GROWTH)
def test_what_a_step_holds_grows_less_with_depth_than_backprop(name: str, gate: str) -> None:
    backend, account = (
        backends.load(name, 1, "float32"),
        {"jax": "xla_temp_bytes", "torch": "graph_temp_bytes"}[name],
    )
    grown = {}
    for each in (gate, "mlp-backprop"):
        held = []
        for depth in (4, 13):
            _, _, step = measured(
                backend,
                each,
                {"kind": "mlp", "dataset": "digits", "hidden": [16], "repeat": depth},
                128,
            )
            held.append(counts(backend, step)[account])
        grown[each] = held[1] - held[0]
    assert grown["mlp-backprop"] >= 9 * 128 * 16 * 4
    assert grown[gate] <= GROWTH[gate] * grown["mlp-backprop"]


@pytest.mark.parametrize("name", backends.NAMES)
def test_an_account_of_inference_has_two_activations_at_any_depth(name: str) -> None:
    """What goes into a layer and what comes out; XLA's library would run the layers at once in buffers of its own."""
    backend, account = (
        backends.load(name, 1, "float32"),
        {"jax": "xla_temp_bytes", "torch": "graph_temp_bytes"}[name],
    )
    for depth in (4, 13):
        net = {"kind": "mlp", "dataset": "digits", "hidden": [16], "repeat": depth}
        _, about, _ = measured(backend, "mlp-backprop", net, 128)
        prepared, _ = programs.compile_for_memory(backend, programs.forward(about))
        assert 2 * 128 * 16 * 4 <= prepared.counts[account] <= 2.2 * 128 * 16 * 4


def test_loops_are_multiplied_out(backend: Backend) -> None:
    """7 products of (4, 8) by (8, 8), one inside a loop inside a loop; XLA itself would count each body once."""
    ops = backend.ops
    weight, x = (ops.asarray(np.ones(shape, np.float32)) for shape in ((8, 8), (4, 8)))

    def f(weight, x):
        def inner(x, _):
            return ops.tanh(x @ weight), ()

        def outer(x, _):
            return ops.scan(inner, x, ops.arange(3))[0], ()

        return ops.scan(outer, x @ weight, ops.arange(2))[0]

    found = backend.engine.compile(f, (weight, x)).counts
    assert found["product_flops"] == 7 * 2 * 4 * 8 * 8
    assert found["flops"] >= found["product_flops"]
    assert found["flops"] < 1.05 * found["product_flops"]


def test_a_convolution_is_as_many_products_in_both_frameworks(
    both: tuple[Backend, Backend],
) -> None:
    image, kernel = np.ones((2, 3, 6, 6), np.float32), np.ones((5, 3, 3, 3), np.float32)
    for backend in both:
        arguments = (backend.ops.asarray(image), backend.ops.asarray(kernel))
        found = backend.engine.compile(
            lambda x, k, ops=backend.ops: ops.conv2d(x, k, 1), arguments
        ).counts
        assert found["product_flops"] == 2 * (2 * 5 * 6 * 6) * (3 * 3 * 3)


def test_the_taped_gradient_is_the_gradient() -> None:
    from dirgrad.backends.torch.saved_tensors import Taped

    backend = backends.load("torch", 1, "float32")
    _, about, _ = measured(backend, "mlp-backprop")
    found = {}
    for ops in (backend.ops, Taped(backend.ops)):
        f = compiled(
            backend,
            ops.value_and_grad(
                lambda params, ops=ops: workload.loss(ops, about.problem)(params, about.batch)
            ),
        )
        _, found[ops] = f(about.params)
    first, second = found.values()
    assert float(tree.norm(backend.ops, tree.axpy(backend.ops, -1.0, first, second))) < 1e-6
