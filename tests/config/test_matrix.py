"""Each tier plans the whole matrix: five families of problems, four estimators, two frameworks."""

from itertools import product

import pytest

from dirgrad.components import registry
from dirgrad.config import files, outputs, plan
from dirgrad.config.settings import Config
from support.configuration import BASE, CONFIG, configured

FAMILIES = ("rosenbrock", "logistic_regression", "mlp", "cnn", "rnn")
BACKENDS = ("jax", "torch")
ESTIMATORS = {
    ("backprop", ""),
    ("forward_gradient", "gaussian"),
    ("forward_gradient", "rank_one"),
    ("finite_difference", "gaussian"),
}
"""Kinds and laws of directions of the estimators of the matrix."""
TIERS = {
    "default": configured(BASE),
    "smoke": configured(BASE, files.read(CONFIG / "smoke.yaml")),
}


def planned(config: Config) -> set[tuple[str, str, str, str, str]]:
    """Return the cells that are trained and measured: family, framework, kind, law and part."""
    jobs = plan.jobs(config)
    cells = set()
    for family, backend in product(FAMILIES, BACKENDS):
        of_part = {
            "training": jobs.get(f"training/{family}/{backend}"),
            "cost": jobs.get(f"cost/matrix/{backend}"),
            "quality": jobs.get(f"quality/matrix/{backend}"),
        }
        for part, job in of_part.items():
            is_there = job and (part == "training" or family in job.settings.problems)
            for estimator in job.estimators.values() if job and is_there else ():
                law = registry.distribution_name(estimator.direction)
                cells.add((family, backend, registry.kind(estimator), law, part))
    return cells


EXPECTED = {
    (family, backend, kind, law, part)
    for family, backend, (kind, law), part in product(
        FAMILIES, BACKENDS, ESTIMATORS, ("training", "cost", "quality")
    )
}


@pytest.mark.parametrize("tier", TIERS)
def test_every_cell_is_trained_timed_and_compared_with_the_gradient(tier: str) -> None:
    assert planned(TIERS[tier]) >= EXPECTED


@pytest.mark.parametrize(
    "over",
    [
        {"experiments": {"mlp": {"estimators": ["backprop", "forward_gradient"]}}},
        {"experiments": {"rnn": {"backends": ["jax"]}}},
        {"experiments": {"cnn": None}},
        {"cost": {"matrix": {"estimators": ["backprop"]}}},
        {"quality": {"matrix": None}},
    ],
    ids=["estimator", "framework", "experiment", "time", "measurement"],
)
def test_a_lost_cell_is_seen(over: dict[str, object]) -> None:
    assert not planned(configured(BASE, over)) >= EXPECTED


@pytest.mark.parametrize("tier", TIERS)
def test_the_problem_that_is_measured_is_the_problem_that_is_trained(tier: str) -> None:
    config = TIERS[tier]
    for measurement in (config.cost["matrix"], config.quality["matrix"]):
        assert tuple(measurement.problems) == FAMILIES
        for name, problem in measurement.problems.items():
            assert problem == config.experiments[name].problem


@pytest.mark.parametrize("tier", TIERS)
def test_the_matrix_is_the_first_figure_and_shows_only_its_own_jobs(tier: str) -> None:
    config = TIERS[tier]
    assert outputs.front_page_figures(outputs.report_figures(config))[0] == "matrix"
    assert "matrix" in outputs.tables(config)
    subjects = outputs.figure_specs(config)["matrix"].subjects
    trained = {f"training/{name}" for name in FAMILIES}
    assert set(subjects) == {"cost/matrix", "quality/matrix", *trained}


def test_without_its_measurement_there_is_no_matrix() -> None:
    config = configured(BASE, files.read(CONFIG / "sequences.yaml"))
    assert "matrix" not in outputs.tables(config)
    assert "matrix" not in outputs.figure_specs(config)


def test_a_family_that_is_not_trained_leaves_the_figure_of_the_others() -> None:
    config = configured(BASE, {"experiments": {"cnn": None}})
    subjects = outputs.figure_specs(config)["matrix"].subjects
    assert "training/cnn" not in subjects
    assert "training/rnn" in subjects
