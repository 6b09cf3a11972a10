"""Forward against reverse accumulation through a chain of Jacobians: the multiplications are counted by running both."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

size = st.integers(1, 6)


class Counter:
    """Matrix products, entry by entry, that count their multiplications."""

    def __init__(self) -> None:
        self.multiplications = 0

    def product(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        out = np.zeros((left.shape[0], right.shape[1]))
        for i, j, k in np.ndindex(left.shape[0], right.shape[1], left.shape[1]):
            out[i, j] += left[i, k] * right[k, j]
            self.multiplications += 1
        return out


def chain(x: int, a: int, b: int, y: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.standard_normal((a, x)), rng.standard_normal((b, a)), rng.standard_normal((y, b))


@settings(max_examples=40, deadline=None)
@given(x=size, a=size, b=size, y=size)
def test_both_orders_give_the_jacobian_at_their_own_cost(x: int, a: int, b: int, y: int) -> None:
    f, g, h = chain(x, a, b, y)
    forward, reverse = Counter(), Counter()
    by_forward = forward.product(h, forward.product(g, f))
    by_reverse = reverse.product(reverse.product(h, g), f)
    np.testing.assert_allclose(by_forward, by_reverse, atol=1e-12)
    assert forward.multiplications == x * a * b + x * b * y
    assert reverse.multiplications == y * a * b + y * a * x


@settings(max_examples=20, deadline=None)
@given(x=size, a=size, b=size, y=size)
def test_a_jvp_costs_as_much_as_one_input_of_forward_accumulation(
    x: int, a: int, b: int, y: int
) -> None:
    f, g, h = chain(x, a, b, y)
    counter = Counter()
    counter.product(h, counter.product(g, counter.product(f, np.ones((x, 1)))))
    assert counter.multiplications == x * a + a * b + b * y
