"""Training steps on small networks, and the exact counts of their compiled programs."""

from typing import Any, NamedTuple

from dirgrad.config import plan
from dirgrad.core.types import Backend, Estimator
from dirgrad.runs.instruments import programs
from dirgrad.runs.instruments.workload import Workload, load_workload
from support.configuration import configured

BATCH = 8
"""Minibatch size of a step, unless a test chooses another one."""

MLP_FIRST_PRODUCTS = 2 * BATCH * 64 * 16
"""Multiplications and additions in the matrix product of the first layer."""
MLP_INNER_PRODUCTS = 2 * BATCH * (16 * 16 + 16 * 10)
"""Multiplications and additions in the matrix products of the two inner layers."""
MLP_PRODUCTS = MLP_FIRST_PRODUCTS + MLP_INNER_PRODUCTS
"""Multiplications and additions in the matrix products of one evaluation of the loss."""
MLP_DERIVATIVE_PRODUCTS = MLP_FIRST_PRODUCTS + 2 * MLP_INNER_PRODUCTS
"""Further multiplications and additions of a derivative, in forward or reverse mode.

A derivative takes two products in each inner layer, and one in the first layer, where the images
are constant.
"""

REPLAYED = {"kind": "replayed", "direction": "rademacher"}

NETWORKS: dict[str, dict[str, Any]] = {
    "mlp": {"kind": "mlp", "dataset": "digits", "hidden": [16, 16]},
    "deep": {"kind": "mlp", "dataset": "digits", "hidden": [16], "repeat": 9},
    "rnn": {"kind": "rnn", "dataset": {"kind": "copy", "delay": 6}, "hidden": 8},
}

ESTIMATORS: dict[str, dict[str, Any]] = {
    "mlp-backprop": {"kind": "backprop"},
    "mlp-forward": {"kind": "forward_gradient", "direction": "rademacher"},
    "mlp-forward_k4": {"kind": "forward_gradient", "direction": "rademacher", "num_directions": 4},
    "mlp-rank_one": {"kind": "forward_gradient", "direction": "rank_one"},
    "mlp-one_layer": {"kind": "forward_gradient", "direction": "one_layer"},
    "mlp-one_layer_by_size": {
        "kind": "forward_gradient",
        "direction": {"kind": "one_layer", "probabilities": "size"},
    },
    "mlp-learned_layers": {"kind": "learned_layers"},
    "mlp-rank_one_k4": {"kind": "forward_gradient", "direction": "rank_one", "num_directions": 4},
    "mlp-projected_k4": {
        "kind": "projected_forward_gradient",
        "direction": "rank_one",
        "num_directions": 4,
    },
    "mlp-replayed": {"kind": "forward_gradient", "direction": REPLAYED},
    "mlp-replayed_difference": {
        "kind": "finite_difference",
        "scheme": "forward",
        "direction": REPLAYED,
        "eps": 1e-3,
    },
    "mlp-mezo": {"kind": "mezo", "direction": REPLAYED, "eps": 1e-3},
    "mlp-forward_difference": {
        "kind": "finite_difference",
        "scheme": "forward",
        "direction": "rademacher",
        "eps": 1e-3,
    },
    "mlp-central_difference": {
        "kind": "finite_difference",
        "scheme": "central",
        "direction": "rademacher",
        "eps": 1e-3,
    },
    "deep-backprop": {"kind": "backprop"},
    "deep-checkpointed": {"kind": "checkpointed_backprop", "segment": 3},
    "rnn-backprop": {"kind": "backprop"},
    "rnn-forward": {"kind": "forward_gradient", "direction": "rademacher"},
    "rnn-truncated": {"kind": "truncated_bptt", "window": 4},
    "rnn-checkpointed": {"kind": "checkpointed_bptt", "segment": 4},
    "rnn-directional": {
        "kind": "directional_descent",
        "candidate": {"kind": "random", "direction": "rademacher"},
    },
    "rnn-rtrl": {"kind": "rtrl"},
    "rnn-uoro": {"kind": "uoro"},
}
"""Configuration of the estimator of each step. The name of a step begins with its network."""

TEMPORARY_BYTES = {"jax": "xla_temp_bytes", "torch": "graph_temp_bytes"}
"""The count of temporary memory in each framework."""


class SmallStep(NamedTuple):
    """One step of SGD in float32.

    Attributes:
        estimator: Its gradient estimator.
        workload: Its network, parameters and minibatch.
        program: The program of the whole step.
    """

    estimator: Estimator
    workload: Workload
    program: programs.Program


def small_step(
    backend: Backend, name: str, network: dict[str, Any] | None = None, batch: int = BATCH
) -> SmallStep:
    """Build the step of this name, on another network if one is passed."""
    network_name, _, _ = name.partition("-")
    cost = {
        "problems": {"network": network or NETWORKS[network_name]},
        "estimators": ["estimator"],
        "batch_sizes": [batch],
    }
    config = {
        "tier": "test",
        "backends": [backend.name],
        "run": {"threads": 1},
        "estimators": {"estimator": ESTIMATORS[name]},
        "cost": {"small": cost},
    }
    job = plan.job(configured(config), f"cost/small/{backend.name}")
    estimator = job.estimators["estimator"]
    loaded = load_workload(job, backend, "network", batch)
    _, program = programs.estimate_and_step(backend, loaded, estimator)
    return SmallStep(estimator, loaded, program)


def program_counts(backend: Backend, program: programs.Program) -> dict[str, int]:
    """Compile a program and return its static counts and the bytes it saves on a tape."""
    compiled, _ = programs.compile(backend, program)
    counts = dict(compiled.counts)
    counts.update(backend.engine.saved_bytes(program.build, program.arguments))
    return counts


def deep_mlp(repeat: int) -> dict[str, Any]:
    """Return the configuration of a network with this number of hidden layers of width 16."""
    return {"kind": "mlp", "dataset": "digits", "hidden": [16], "repeat": repeat}
