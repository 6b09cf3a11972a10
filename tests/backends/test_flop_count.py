"""Both frameworks count the floating-point operations of loops and convolutions exactly."""

from typing import Any

import numpy as np

from dirgrad.core.types import Array, Backend


def test_a_loop_counts_once_for_each_of_its_steps(backend: Backend) -> None:
    """XLA's own analysis would count the body of a loop only once."""
    ops = backend.ops
    weight = ops.asarray(np.ones((8, 8), np.float32))
    x = ops.asarray(np.ones((4, 8), np.float32))

    def f(weight: Array, x: Array) -> Array:
        def inner_body(x: Array, _: Any) -> tuple[Array, tuple[()]]:
            return ops.tanh(x @ weight), ()

        def outer_body(x: Array, _: Any) -> tuple[Array, tuple[()]]:
            x, _ = ops.scan(inner_body, x, ops.arange(3))
            return x, ()

        return ops.scan(outer_body, x @ weight, ops.arange(2))[0]

    counts = backend.engine.compile(f, (weight, x)).counts
    # One product precedes the loops, which have 2 * 3 steps.
    num_products = 7
    assert counts["product_flops"] == num_products * 2 * 4 * 8 * 8
    assert counts["flops"] >= counts["product_flops"]
    assert counts["flops"] < 1.05 * counts["product_flops"]


def test_a_convolution_has_the_same_exact_count_in_both_frameworks(
    both: tuple[Backend, Backend],
) -> None:
    image = np.ones((2, 3, 6, 6), np.float32)
    kernel = np.ones((5, 3, 3, 3), np.float32)
    for backend in both:
        ops = backend.ops

        def convolve(image: Array, kernel: Array, ops: Any = ops) -> Array:
            return ops.conv2d(image, kernel, 1)

        arguments = (ops.asarray(image), ops.asarray(kernel))
        counts = backend.engine.compile(convolve, arguments).counts
        num_outputs = 2 * 5 * 6 * 6
        products_per_output = 3 * 3 * 3
        assert counts["product_flops"] == 2 * num_outputs * products_per_output
