"""A step of each estimator has an exact cost in each framework, counted on small networks.

A different count means that the program has changed. The temporary bytes of JAX belong to the
version of XLA in requirements.lock.
"""

from math import ceil
from typing import NamedTuple

import pytest

from dirgrad import backends
from support.small_steps import (
    BATCH,
    MLP_DERIVATIVE_PRODUCTS,
    MLP_INNER_PRODUCTS,
    MLP_PRODUCTS,
    program_counts,
    small_step,
)

pytestmark = [pytest.mark.cpu, pytest.mark.usefixtures("fused_loops")]


class StepCost(NamedTuple):
    """The exact cost of one step.

    Attributes:
        evaluations: Number of evaluations of the loss.
        jax_products: Floating-point operations in the matrix products of the step in JAX.
        torch_products: Floating-point operations in the matrix products of the step in PyTorch.
        xla_temp_bytes: Temporary bytes in JAX, if the parameters are updated in place.
        graph_temp_bytes: Temporary bytes in PyTorch, if the parameters are updated in place.
        saved_bytes: Bytes on PyTorch's tape.
    """

    evaluations: int
    jax_products: int
    torch_products: int
    xla_temp_bytes: int
    graph_temp_bytes: int
    saved_bytes: int


MLP_BACKPROP_PRODUCTS = MLP_PRODUCTS + MLP_DERIVATIVE_PRODUCTS
# JAX counts the product of each layer's input with a vector of the direction, and the tangent of
# this product, which XLA eliminates.
VECTOR_PRODUCTS = 2 * BATCH * (64 + 16 + 16) + 2 * BATCH * (16 + 16)
# A tangent along an outer product also takes the product of each inner layer's weight with the
# tangent of its input.
RANK_ONE_TANGENT = MLP_INNER_PRODUCTS + VECTOR_PRODUCTS
# The product behind the second layer.
SECOND_LAYER_TANGENT = 2 * BATCH * 16 * 10
# The sum over the layers of the products behind each of them.
ONE_LAYER_TANGENTS = MLP_INNER_PRODUCTS + SECOND_LAYER_TANGENT


def mean_by_size(*products: int) -> int:
    """Return the mean over the layers, weighted by their 1040, 272 and 170 parameters."""
    sizes = (64 * 16 + 16, 16 * 16 + 16, 16 * 10 + 10)
    return ceil(sum(size * n for size, n in zip(sizes, products, strict=True)) / sum(sizes))


# JAX also counts the product of each layer's input with a vector of the direction.
TORCH_TANGENT_BY_SIZE = mean_by_size(MLP_INNER_PRODUCTS, SECOND_LAYER_TANGENT, 0)
JAX_TANGENT_BY_SIZE = mean_by_size(
    MLP_INNER_PRODUCTS + 2 * BATCH * 64, SECOND_LAYER_TANGENT + 2 * BATCH * 16, 2 * BATCH * 16
)
# The update sums four outer products for each weight, and four vectors for the 42 biases.
RANK_ONE_UPDATE = 2 * 4 * (64 * 16 + 16 * 16 + 16 * 10 + 42)
# Four directions share one evaluation of the loss.
RANK_ONE_K4_PRODUCTS = MLP_PRODUCTS + 4 * RANK_ONE_TANGENT + RANK_ONE_UPDATE
# The 4 by 4 inner products of the directions are computed from their factors.
GRAM_PRODUCTS = 2 * 4 * 4 * (64 + 16 + 16 + 16 + 16 + 10 + 42)

DEEP_HIDDEN_PRODUCTS = 2 * BATCH * (64 * 16 + 8 * 16 * 16)
DEEP_OUTPUT_PRODUCTS = 2 * BATCH * 16 * 10
DEEP_IMAGE_PRODUCTS = 2 * BATCH * 64 * 16
# A derivative takes two products for each product of the loss, and one for the constant images.
DEEP_BACKPROP_PRODUCTS = 3 * (DEEP_HIDDEN_PRODUCTS + DEEP_OUTPUT_PRODUCTS) - DEEP_IMAGE_PRODUCTS

# Operations of one evaluation of the loss of the recurrent network.
RNN_PRODUCTS = 13824

BYTES_PER_FLOAT = 4
LOGITS = BATCH * 10
ACTIVATIONS = BATCH * 16
# The cross-entropy saves its logits and the total weight of the examples.
SAVED_BY_CROSS_ENTROPY = LOGITS + 1

COSTS = {
    # Backprop saves both hidden outputs.
    "mlp-backprop": StepCost(
        evaluations=1,
        jax_products=MLP_BACKPROP_PRODUCTS,
        torch_products=MLP_BACKPROP_PRODUCTS,
        xla_temp_bytes=8608,
        graph_temp_bytes=6448,
        saved_bytes=BYTES_PER_FLOAT * (2 * ACTIVATIONS + SAVED_BY_CROSS_ENTROPY),
    ),
    # PyTorch multiplies the zero tangent of the images. The first layer has three products, too.
    "mlp-forward": StepCost(
        evaluations=1,
        jax_products=MLP_BACKPROP_PRODUCTS,
        torch_products=3 * MLP_PRODUCTS,
        xla_temp_bytes=4864,
        graph_temp_bytes=7976,
        saved_bytes=0,
    ),
    "mlp-rank_one": StepCost(
        evaluations=1,
        jax_products=MLP_PRODUCTS + RANK_ONE_TANGENT,
        torch_products=MLP_PRODUCTS + MLP_INNER_PRODUCTS,
        xla_temp_bytes=2560,
        graph_temp_bytes=2288,
        saved_bytes=0,
    ),
    # The tangent passes the two layers behind the first one, the one behind the second, or none.
    "mlp-one_layer": StepCost(
        evaluations=1,
        jax_products=MLP_PRODUCTS + (ONE_LAYER_TANGENTS + 2 * BATCH * (64 + 16 + 16)) // 3,
        torch_products=MLP_PRODUCTS + ONE_LAYER_TANGENTS // 3,
        xla_temp_bytes=4056,
        graph_temp_bytes=2576,
        saved_bytes=0,
    ),
    "mlp-one_layer_by_size": StepCost(
        evaluations=1,
        jax_products=MLP_PRODUCTS + JAX_TANGENT_BY_SIZE,
        torch_products=MLP_PRODUCTS + TORCH_TANGENT_BY_SIZE,
        xla_temp_bytes=4056,
        graph_temp_bytes=2576,
        saved_bytes=0,
    ),
    # JAX also counts the sums of the probabilities before the second layer and the third.
    "mlp-learned_layers": StepCost(
        evaluations=1,
        jax_products=MLP_PRODUCTS + JAX_TANGENT_BY_SIZE + 2 * 2 * 3,
        torch_products=MLP_PRODUCTS + TORCH_TANGENT_BY_SIZE,
        xla_temp_bytes=4056,
        graph_temp_bytes=2588,
        saved_bytes=0,
    ),
    "mlp-rank_one_k4": StepCost(
        evaluations=4,
        jax_products=RANK_ONE_K4_PRODUCTS,
        torch_products=RANK_ONE_K4_PRODUCTS,
        xla_temp_bytes=9280,
        graph_temp_bytes=8032,
        saved_bytes=0,
    ),
    # JAX solves for the weights of the directions with 160 more operations in products.
    "mlp-projected_k4": StepCost(
        evaluations=4,
        jax_products=RANK_ONE_K4_PRODUCTS + GRAM_PRODUCTS + 160,
        torch_products=RANK_ONE_K4_PRODUCTS + GRAM_PRODUCTS,
        xla_temp_bytes=9920,
        graph_temp_bytes=8032,
        saved_bytes=0,
    ),
    # PyTorch skips the zero tangent of the images. JAX counts the tangents of products with the
    # direction, although XLA does not compute them.
    "mlp-replayed": StepCost(
        evaluations=1,
        jax_products=MLP_BACKPROP_PRODUCTS + MLP_INNER_PRODUCTS,
        torch_products=MLP_BACKPROP_PRODUCTS,
        xla_temp_bytes=8000,
        graph_temp_bytes=4800,
        saved_bytes=0,
    ),
    "mlp-replayed_difference": StepCost(
        evaluations=2,
        jax_products=2 * MLP_PRODUCTS,
        torch_products=2 * MLP_PRODUCTS,
        xla_temp_bytes=7360,
        graph_temp_bytes=8560,
        saved_bytes=0,
    ),
    "mlp-mezo": StepCost(
        evaluations=2,
        jax_products=2 * MLP_PRODUCTS,
        torch_products=2 * MLP_PRODUCTS,
        xla_temp_bytes=2560,
        graph_temp_bytes=4296,
        saved_bytes=0,
    ),
    # Each direction evaluates the loss again. The running sum of the estimates takes memory, too.
    "mlp-forward_k4": StepCost(
        evaluations=4,
        jax_products=4 * MLP_BACKPROP_PRODUCTS,
        torch_products=4 * 3 * MLP_PRODUCTS,
        xla_temp_bytes=13376,
        graph_temp_bytes=13928,
        saved_bytes=0,
    ),
    "mlp-forward_difference": StepCost(
        evaluations=2,
        jax_products=2 * MLP_PRODUCTS,
        torch_products=2 * MLP_PRODUCTS,
        xla_temp_bytes=4864,
        graph_temp_bytes=12376,
        saved_bytes=0,
    ),
    "mlp-central_difference": StepCost(
        evaluations=2,
        jax_products=2 * MLP_PRODUCTS,
        torch_products=2 * MLP_PRODUCTS,
        xla_temp_bytes=4992,
        graph_temp_bytes=12376,
        saved_bytes=0,
    ),
    "deep-backprop": StepCost(
        evaluations=1,
        jax_products=DEEP_BACKPROP_PRODUCTS,
        torch_products=DEEP_BACKPROP_PRODUCTS,
        xla_temp_bytes=12648,
        graph_temp_bytes=14064,
        saved_bytes=BYTES_PER_FLOAT * (9 * ACTIVATIONS + SAVED_BY_CROSS_ENTROPY),
    ),
    # The hidden layers run again. JAX also computes the cotangent of the images. The tape stores
    # the inputs of the last two segments, the last output, and the three outputs of one segment.
    # JAX stores the gradient of every weight, which exceeds the activations of a small minibatch.
    "deep-checkpointed": StepCost(
        evaluations=2,
        jax_products=DEEP_BACKPROP_PRODUCTS + DEEP_HIDDEN_PRODUCTS + DEEP_IMAGE_PRODUCTS,
        torch_products=DEEP_BACKPROP_PRODUCTS + DEEP_HIDDEN_PRODUCTS,
        xla_temp_bytes=15208,
        graph_temp_bytes=14064,
        saved_bytes=BYTES_PER_FLOAT * ((2 + 1 + 3) * ACTIVATIONS + SAVED_BY_CROSS_ENTROPY),
    ),
    # JAX multiplies the zero tangent of the first state. The body of a scan is the same for all
    # steps, so it cannot skip a product that only the first step does not need.
    "rnn-backprop": StepCost(
        evaluations=1,
        jax_products=36352,
        torch_products=35328,
        xla_temp_bytes=9368,
        graph_temp_bytes=2936,
        saved_bytes=2436,
    ),
    "rnn-forward": StepCost(
        evaluations=1,
        jax_products=36352,
        torch_products=3 * RNN_PRODUCTS,
        xla_temp_bytes=3616,
        graph_temp_bytes=2160,
        saved_bytes=0,
    ),
    # Truncated BPTT computes the output at every step, not only where an answer is asked for.
    "rnn-truncated": StepCost(
        evaluations=1,
        jax_products=47104,
        torch_products=45056,
        xla_temp_bytes=8720,
        graph_temp_bytes=3208,
        saved_bytes=2736,
    ),
    "rnn-checkpointed": StepCost(
        evaluations=2,
        jax_products=64512,
        torch_products=63488,
        xla_temp_bytes=9936,
        graph_temp_bytes=5368,
        saved_bytes=3888,
    ),
    "rnn-directional": StepCost(
        evaluations=1,
        jax_products=47104,
        torch_products=52224,
        xla_temp_bytes=4760,
        graph_temp_bytes=2680,
        saved_bytes=0,
    ),
    # The state has one tangent for each of the 156 parameters.
    "rnn-rtrl": StepCost(
        evaluations=1,
        jax_products=4649984,
        torch_products=4655104,
        xla_temp_bytes=285016,
        graph_temp_bytes=351092,
        saved_bytes=0,
    ),
    # The tape stores one step of the sequence at a time.
    "rnn-uoro": StepCost(
        evaluations=1,
        jax_products=107520,
        torch_products=109952,
        xla_temp_bytes=6624,
        graph_temp_bytes=4132,
        saved_bytes=1188,
    ),
}


def expected_counts(cost: StepCost) -> dict[str, dict[str, int]]:
    """Return the expected counts by framework."""
    return {
        "jax": {
            "product_flops": cost.jax_products,
            "xla_temp_bytes": cost.xla_temp_bytes,
        },
        "torch": {
            "product_flops": cost.torch_products,
            "graph_temp_bytes": cost.graph_temp_bytes,
            "saved_bytes": cost.saved_bytes,
        },
    }


@pytest.mark.parametrize("name", COSTS)
def test_a_step_has_its_exact_cost_in_both_frameworks(name: str) -> None:
    cost = COSTS[name]
    expected_by_framework = expected_counts(cost)
    for framework in backends.NAMES:
        expected = expected_by_framework[framework]
        backend = backends.load(framework, 1, "float32")
        step = small_step(backend, name)
        counts = program_counts(backend, step.program)
        assert {column: counts[column] for column in expected} == expected
        assert step.estimator.evaluations == cost.evaluations
