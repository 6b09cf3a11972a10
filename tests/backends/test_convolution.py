"""The convolution of JAX on a CPU equals XLA's own and needs no superfluous arrays or products."""

from functools import partial
from typing import Any

import jax
import numpy as np
import pytest
from jax.extend import core
from jax.interpreters import partial_eval

from dirgrad.backends.jax import convolution, ops
from dirgrad.backends.jax.flop_count import count_flops
from dirgrad.core.perturbation import conv2d, directional_derivative
from dirgrad.core.tree import OuterProduct

RNG = np.random.default_rng(0)
FIRST_LAYER = (5, 1, 3, 3)
INNER_LAYER = (4, 4, 3, 3)
ONE_OUTPUT = (1, 4, 3, 3)
UNEQUAL_SIDES = (2, 3, 1, 2)


def random_array(*shape: int) -> Any:
    return ops.asarray(RNG.standard_normal(shape))


def intermediate_sizes(f: Any, *arguments: Any) -> list[int]:
    """Return the number of entries of every array that f computes, loops included."""

    def sizes(jaxpr: Any) -> list[int]:
        own = [variable.aval.size for eqn in jaxpr.eqns for variable in eqn.outvars]
        inner = [eqn.params["jaxpr"].jaxpr for eqn in jaxpr.eqns if eqn.primitive.name == "scan"]
        return own + [size for body in inner for size in sizes(body)]

    return sizes(jax.make_jaxpr(f)(*arguments).jaxpr)


@pytest.mark.parametrize("kernel_shape", [FIRST_LAYER, INNER_LAYER, ONE_OUTPUT, UNEQUAL_SIDES])
@pytest.mark.parametrize("padding", [0, 1, 2])
@pytest.mark.parametrize("in_chunks", [False, True])
def test_the_convolutions_of_jax_for_accelerators_and_for_cpus_agree(
    kernel_shape: tuple[int, ...],
    padding: int,
    in_chunks: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if in_chunks:
        monkeypatch.setattr(convolution, "CHUNK_BYTES", 1)
    images = random_array(3, kernel_shape[1], 7, 6)
    kernel = random_array(*kernel_shape)
    tangents = random_array(*images.shape), random_array(*kernel_shape)

    def evaluate(convolve: Any, images: Any, kernel: Any, tangents: Any) -> Any:
        def f(x: Any, kernel: Any) -> Any:
            return convolve(x, kernel, padding)

        value, tangent = jax.jvp(f, (images, kernel), tangents)
        _, pull = jax.vjp(f, images, kernel)
        return value, tangent, *pull(value)

    for_accelerators, for_cpus = (
        jax.jit(partial(evaluate, convolve))(images, kernel, tangents)
        for convolve in (ops._convolve, convolution.convolve)
    )
    for result, reference in zip(for_cpus, for_accelerators, strict=True):
        np.testing.assert_allclose(result, reference, rtol=1e-10, atol=1e-10)


def test_the_arrays_of_a_convolution_have_at_most_three_times_the_entries_of_its_input() -> None:
    """All nine shifts of the input together would have nine times as many."""
    images = random_array(2, 4, 6, 6)
    kernel = random_array(*INNER_LAYER)
    sizes = intermediate_sizes(lambda x, kernel: convolution.convolve(x, kernel, 1), images, kernel)
    assert max(sizes) == 3 * images.size


def test_a_large_convolution_is_computed_in_chunks_that_fit_in_a_cache() -> None:
    images = jax.ShapeDtypeStruct((64, 64, 28, 28), np.float32)
    kernel = jax.ShapeDtypeStruct((64, 64, 3, 3), np.float32)

    def largest(images: Any) -> int:
        f = convolution.convolve
        return max(intermediate_sizes(lambda x, kernel: f(x, kernel, 1), images, kernel))

    # Besides the result, only arrays of a chunk of 8 images are computed.
    assert largest(images) == images.size
    one_image = jax.ShapeDtypeStruct((1, 64, 28, 28), np.float32)
    assert largest(one_image) == 3 * one_image.size


@pytest.mark.parametrize("padding", [0, 1])
@pytest.mark.parametrize("in_chunks", [False, True])
def test_k_directions_share_the_value_and_take_no_superfluous_products(
    padding: int, in_chunks: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A direction a b^T of a kernel with o outputs takes 1/o of the products of a convolution."""
    if in_chunks:
        monkeypatch.setattr(convolution, "CHUNK_BYTES", 1)
    k, batch, channels, side = 8, 3, 4, 8
    images = random_array(batch, 1, side, side)
    params = {"first": random_array(channels, 1, 3, 3), "second": random_array(channels, 4, 3, 3)}
    v = {
        name: OuterProduct(random_array(k, channels), random_array(k, *kernel.shape[1:]))
        for name, kernel in params.items()
    }

    def loss(params: Any) -> Any:
        hidden = ops.tanh(conv2d(ops, images, params["first"], padding))
        return ops.sum(conv2d(ops, hidden, params["second"], padding))

    def derivatives(params: Any, v: Any) -> Any:
        return ops.vmap(lambda v: directional_derivative(ops, loss, params, v))(v)

    result_sides = [side - 2 + 2 * padding, side - 4 + 4 * padding]
    first, second = (
        2 * batch * side**2 * channels * inputs * 9
        for side, inputs in zip(result_sides, (1, channels), strict=True)
    )
    value = first + second
    tangent = first // channels + second + second // channels
    program = jax.make_jaxpr(derivatives)(params, v)
    # Without the tangents of factors, which no result uses.
    used, _ = partial_eval.dce_jaxpr(program.jaxpr, [True, True])
    counts = count_flops(core.ClosedJaxpr(used, program.consts))
    assert counts["product_flops"] == value + k * tangent
