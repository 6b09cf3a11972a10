"""A correct component passes its check, and a wrong one fails with the sentence that names why."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from dirgrad import backends
from dirgrad.components import examples, registry
from dirgrad.components.directions.gaussian import Gaussian
from dirgrad.components.directions.orthogonal import Orthogonal
from dirgrad.components.directions.sphere import Sphere
from dirgrad.components.estimators.forward_gradient import ForwardGradient
from dirgrad.components.estimators.learned_layers import LearnedLayers
from dirgrad.components.registry import component
from dirgrad.core import tree
from dirgrad.core.closed_forms import Shares, dimension
from dirgrad.core.criterion import VALUE
from dirgrad.core.curvature_noise import Curvature
from dirgrad.core.perturbation import directional_derivative
from dirgrad.core.types import (
    Array,
    Backend,
    Batch,
    Criterion,
    Direction,
    DirectionSampler,
    Estimate,
    Key,
    Loss,
    Ops,
    Params,
    Splits,
    TargetKind,
)
from dirgrad.runs.check.component import check_component
from dirgrad.runs.check.data import data
from dirgrad.runs.check.derivatives import derivatives
from dirgrad.runs.check.findings import Finding, failures, to_data, to_text
from dirgrad.runs.check.law import law
from dirgrad.runs.check.moments import moments
from dirgrad.runs.check.parity import parity
from dirgrad.runs.check.price import price
from dirgrad.runs.check.updates import updates


@pytest.fixture
def frameworks(both: tuple[Backend, Backend]) -> list[Backend]:
    """Return PyTorch, which traces fast, and JAX."""
    return list(reversed(both))


@pytest.fixture
def torch() -> Backend:
    return backends.load("torch", 1, "float64")


@component
class Scaled:
    """A forward gradient times a factor, with chosen statements about it."""

    direction: ClassVar[Direction] = Gaussian()
    num_directions: ClassVar[int] = 1
    evaluations: ClassVar[int] = 1
    factor: float = 1.0

    def estimate(self, ops: Ops, loss: Loss, params: Params, sampler: DirectionSampler) -> Estimate:
        v = sampler(0)
        value, slope = directional_derivative(ops, loss, params, v)
        return Estimate(value, self.factor * slope, v)


@component
class Stated(Scaled):
    """A scaled forward gradient that states its factor."""

    def expected_projection(self, shares: Shares) -> float:
        return self.factor


@component
class FalseNoise(Scaled):
    """A forward gradient along Gaussian directions that declares the noise of signs."""

    def signal_to_noise(self, shares: Shares) -> float:
        return 1 / (dimension(shares) - 1)


@component
class FalseCurvatureNoise:
    """A Gaussian law that declares the curvature-weighted noise of the sphere."""

    def draw(self, ops: Ops, key: Key, like: Params) -> Params:
        return Gaussian().draw(ops, key, like)

    def curvature_noise(self, curvature: Curvature) -> float:
        return Sphere().curvature_noise(curvature)


@component
class FalseProducts(Scaled):
    """A forward gradient that declares more multiplications than it takes."""

    def least_products(self, derivative: float) -> float:
        return 10.0


@component
class FalselyExact(Scaled):
    """A scaled forward gradient that calls itself exact."""

    is_exact: ClassVar[bool] = True


@component
class DependsOnTheFramework(Scaled):
    """A forward gradient with another factor in each framework."""

    def estimate(self, ops: Ops, loss: Loss, params: Params, sampler: DirectionSampler) -> Estimate:
        estimate = Scaled.estimate(self, ops, loss, params, sampler)
        return estimate._replace(scale=estimate.scale * len(ops.__name__))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("estimators", "forward_gradient"),
        ("estimators", "clipped_forward_gradient"),
        ("estimators", "finite_difference"),
        ("directions", "rank_one"),
        ("candidates", "random"),
        ("problems", "quadratic"),
        ("optimizers", "momentum"),
        ("datasets", "copy"),
    ],
)
def test_a_built_in_component_passes(frameworks: list[Backend], folder: str, name: str) -> None:
    subject = registry.parse(folder, examples.specification(folder, name))
    findings = list(check_component(folder, subject, frameworks))
    assert failures(findings) == ()
    assert any(finding.decides for finding in findings)


def test_every_built_in_component_has_an_example() -> None:
    for folder in examples.KINDS:
        for name in registry.names(folder):
            spec = examples.specification(folder, name)
            assert registry.kind(registry.parse(folder, spec)) == name


def only_failure(findings: Any) -> str:
    """Return the sentence of the finding that failed first."""
    sentences = failures(findings)
    assert sentences
    return sentences[0]


def test_a_scale_that_is_off_by_two_fails(torch: Backend) -> None:
    sentence = only_failure(moments(torch, Scaled(factor=2.0)))
    assert sentence.startswith("the mean estimate is 1.99 [1.89, 2.09] times the gradient")
    assert "where 1 is stated" in sentence


def test_a_bias_that_is_stated_passes(torch: Backend) -> None:
    findings = list(moments(torch, Stated(factor=0.5)))
    assert failures(findings) == ()
    assert findings[0].expected == 0.5


def test_a_bias_that_is_stated_wrongly_fails(torch: Backend) -> None:
    class HalfStated(Stated):
        def expected_projection(self, shares: Shares) -> float:
            return 0.8

    assert "where 0.8 is stated" in only_failure(moments(torch, HalfStated(factor=0.5)))


def test_a_false_closed_form_fails(torch: Backend) -> None:
    sentence = only_failure(moments(torch, FalseNoise()))
    assert sentence.startswith(
        "a declared closed form that its Monte Carlo contradicts: "
        "signal-to-noise ratio declared 0.125, measured 0.0998 ["
    )


def test_a_false_noise_weighted_by_the_curvature_fails(torch: Backend) -> None:
    sentence = only_failure(moments(torch, ForwardGradient(direction=FalseCurvatureNoise())))
    assert "noise weighted by the curvature declared" in sentence
    assert sentence.endswith("correct `curvature_noise`")


def test_fewer_multiplications_than_declared_fail(torch: Backend) -> None:
    assert "and at least 10 are declared" in only_failure(price([torch], FalseProducts()))


def test_the_declared_products_of_layers_by_size_are_counted(torch: Backend) -> None:
    assert failures(price([torch], LearnedLayers())) == ()


def test_an_estimate_that_is_wrongly_called_exact_fails(torch: Backend) -> None:
    assert "drop `is_exact`" in only_failure(price([torch], FalselyExact(factor=2.0)))


def test_a_difference_between_the_frameworks_fails(frameworks: list[Backend]) -> None:
    assert "torch and jax differ" in only_failure(parity(frameworks, DependsOnTheFramework()))


@component
class Raising(Scaled):
    """An estimator with a mistake in its code."""

    def estimate(self, ops: Ops, loss: Loss, params: Params, sampler: DirectionSampler) -> Estimate:
        return ops.no_such_operation(params)


def test_an_exception_in_a_component_is_one_sentence(torch: Backend) -> None:
    sentence = only_failure(check_component("estimators", Raising(), [torch]))
    place = f"{Path(__file__)}, line {Raising.estimate.__code__.co_firstlineno + 1}: raises"
    assert sentence.startswith(f"{place} AttributeError: ")
    assert len(sentence.splitlines()) == 1


def test_one_framework_is_compared_with_none(torch: Backend) -> None:
    (finding,) = parity([torch], Scaled())
    assert (finding.measured, finding.decides) == ("one framework", False)


@component
class Wide:
    """Gaussian directions with variance 2, falsely declared factored."""

    is_factored: ClassVar[bool] = True

    def draw(self, ops: Ops, key: Key, like: Params) -> Params:
        return tree.scale(2**0.5, Gaussian().draw(ops, key, like))


def test_a_law_with_another_second_moment_fails(frameworks: list[Backend]) -> None:
    sentences = failures(law(frameworks, Wide()))
    assert [sentence.partition(":")[0] for sentence in sentences[:2]] == [
        "E[v v^T] is not I (torch)",
        "E[v v^T] is not I (jax)",
    ]
    assert "correct `is_factored`" in sentences[2]


@component
class Untracked:
    """A loss that drops the direction of its weight, with false eigenvalues."""

    dataset: ClassVar[None] = None
    plot_range: ClassVar[None] = None
    criterion: ClassVar[Criterion] = VALUE

    def init(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        return {"weight": rng.standard_normal((2, 2))}

    def outputs(self, ops: Ops, params: Params, batch: Batch) -> Array:
        weight = getattr(params["weight"], "base", params["weight"])
        return ops.sum(weight**2)

    def eigenvalues(self) -> np.ndarray:
        return np.ones(4)


def test_a_problem_with_a_wrong_derivative_fails(frameworks: list[Backend]) -> None:
    sentences = failures(derivatives(frameworks, Untracked()))
    assert sentences[0].startswith("the derivative along outer products is off by")
    assert "correct `eigenvalues`" in sentences[1]


def test_an_estimator_that_its_law_refuses_is_a_line_with_the_reason(torch: Backend) -> None:
    refused = ForwardGradient(direction=Orthogonal(count=10_000))
    first, *_ = check_component("estimators", refused, [torch])
    assert first.quantity == "unsupported"
    assert "10000 directions cannot be orthogonal" in str(first.measured)
    assert first.failure == ""


@component
class Refusing(Untracked):
    """A loss that does not accept outer products."""

    def outputs(self, ops: Ops, params: Params, batch: Batch) -> Array:
        if not hasattr(params["weight"], "shape"):
            raise NotImplementedError("outer products")
        return ops.sum(params["weight"] ** 2) / 2


def test_a_problem_may_refuse_outer_products(frameworks: list[Backend]) -> None:
    findings = list(derivatives(frameworks, Refusing()))
    assert failures(findings) == ()
    assert [f.measured for f in findings if "outer" in f.quantity] == ["unsupported"]


@component
class Counting:
    """An optimizer that counts in its state instead of returning a new one."""

    def init(self, ops: Ops, params: Params) -> Any:
        return {"count": 0}

    def update(
        self, ops: Ops, params: Params, estimate: Estimate, optimizer_state: Any, rate: Array
    ) -> tuple[Params, Any]:
        optimizer_state["count"] += 1
        step = -rate / optimizer_state["count"] * estimate.scale
        return tree.axpy(ops, step, estimate.vector, params), optimizer_state


def test_an_optimizer_that_changes_its_arguments_fails(frameworks: list[Backend]) -> None:
    first, second = (
        _trajectory_difference(frameworks, repeated) for repeated in ("the same update", "factored")
    )
    assert first == "an update changes its arguments: return new arrays"
    assert second == ""


def _trajectory_difference(frameworks: list[Backend], name: str) -> str:
    findings: Callable[..., Any] = updates
    rows = []
    for finding in findings(frameworks, Counting()):
        rows.append(finding)
        if len(rows) == 3:
            break
    return next(row.failure for row in rows if row.quantity.startswith(name))


@component
class Miscounted:
    """A data set that states fewer examples and classes than it has."""

    example_shape: ClassVar[tuple[int, ...]] = (2, 2)
    target_kind: ClassVar[TargetKind] = "classes"
    num_outputs: ClassVar[int] = 2
    targets_per_example: ClassVar[int] = 1
    train_examples: ClassVar[int] = 3
    files: ClassVar[tuple[str, ...]] = ()

    def load(self, directory: str | None) -> Splits:
        part = (np.zeros((4, 2, 2)), np.arange(4))
        return Splits(part, part, part)


def test_a_data_set_that_states_wrong_numbers_fails() -> None:
    assert failures(data(Miscounted())) == (
        "training examples: 3 stated, 4 measured: correct `train_examples`",
        "classes reach from 0 to 3, and 2 are stated: number them from 0, or correct `num_outputs`",
    )


def test_the_table_and_the_data_have_the_same_values() -> None:
    findings = [
        Finding("mean", 1.0, 2.0, 1.9, 2.1, failure="the mean is wrong"),
        Finding("seconds", None, float("inf"), decides=False),
    ]
    *_, mean, seconds, last = to_text("estimator x", findings).splitlines()
    assert mean.split() == ["mean", "1", "2", "[1.9,", "2.1]", "failed"]
    assert seconds.split() == ["seconds", "inf"]
    assert last == "failed: the mean is wrong"
    plain = to_data("x", "estimator", findings)
    assert (plain["passed"], plain["failures"]) == (False, ["the mean is wrong"])
    assert plain["checks"][0]["measured"] == 2.0
    assert plain["checks"][1]["measured"] is None
    assert to_text("x", findings[1:]).endswith("passed")
