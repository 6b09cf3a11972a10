"""Forward and reverse accumulation give the same Jacobian for different numbers of products."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

size = st.integers(1, 6)


class CountingMatmul:
    """Matrix product that counts its scalar multiplications."""

    def __init__(self) -> None:
        self.multiplications = 0

    def __call__(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        product = np.zeros((left.shape[0], right.shape[1]))
        for i, j, k in np.ndindex(left.shape[0], right.shape[1], left.shape[1]):
            product[i, j] += left[i, k] * right[k, j]
            self.multiplications += 1
        return product


def chain_of_jacobians(x: int, a: int, b: int, y: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return random Jacobians of f: R^x -> R^a, g: R^a -> R^b and h: R^b -> R^y."""
    rng = np.random.default_rng(0)
    return rng.standard_normal((a, x)), rng.standard_normal((b, a)), rng.standard_normal((y, b))


@settings(max_examples=40, deadline=None)
@given(x=size, a=size, b=size, y=size)
def test_both_orders_give_the_jacobian_with_their_own_numbers_of_multiplications(
    x: int, a: int, b: int, y: int
) -> None:
    f, g, h = chain_of_jacobians(x, a, b, y)
    forward, reverse = CountingMatmul(), CountingMatmul()
    forward_jacobian = forward(h, forward(g, f))
    reverse_jacobian = reverse(reverse(h, g), f)
    np.testing.assert_allclose(forward_jacobian, reverse_jacobian, atol=1e-12)
    assert forward.multiplications == x * a * b + x * b * y
    assert reverse.multiplications == y * a * b + y * a * x


@settings(max_examples=20, deadline=None)
@given(x=size, a=size, b=size, y=size)
def test_a_jvp_takes_one_multiplication_per_entry_of_each_jacobian(
    x: int, a: int, b: int, y: int
) -> None:
    f, g, h = chain_of_jacobians(x, a, b, y)
    matmul = CountingMatmul()
    tangent = np.ones((x, 1))
    matmul(h, matmul(g, matmul(f, tangent)))
    assert matmul.multiplications == x * a + a * b + b * y
