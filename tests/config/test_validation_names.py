"""An unknown name in the configuration is reported with the nearest valid name."""

import pytest

from support.configuration import Mistake, assert_reported

MLP = "experiments.mlp"
MISSPELLED_KEYS = {
    "at the top": Mistake("backend", ["jax"], "unknown key: did you mean 'backends'?"),
    "of run": Mistake("run.thread", 2, "unknown key: did you mean 'threads'?"),
    "of statistics": Mistake(
        "statistics.confidences", 0.5, "unknown key: did you mean 'confidence'?"
    ),
    "of an experiment": Mistake(f"{MLP}.seedz", 3, "unknown key: did you mean 'seeds'?"),
    "of a problem": Mistake(f"{MLP}.problem.hiden", [3], "unknown key: did you mean 'hidden'?"),
    "of an optimizer": Mistake(
        f"{MLP}.optimizer",
        {"kind": "adam", "beta1": 0.9},
        "unknown key: did you mean 'beta_1'?",
        f"{MLP}.optimizer.beta1",
    ),
    "of an estimator": Mistake(
        "estimators.forward_gradient.directions", 4, "unknown key: did you mean 'direction'?"
    ),
    "of a data set": Mistake(
        f"{MLP}.problem.dataset",
        {"kind": "mnist", "scale": "unit"},
        "did you mean 'scaling'?",
        f"{MLP}.problem.dataset.scale",
    ),
    "of a search": Mistake(
        f"{MLP}.tuning",
        {"lowest": 0.1, "highest": 1.0, "sedes": 3},
        "did you mean 'seeds'?",
        f"{MLP}.tuning.sedes",
    ),
}
UNKNOWN_COMPONENTS = {
    "the kind of a problem": Mistake(
        f"{MLP}.problem.kind",
        "mpl",
        "unknown problem 'mpl': did you mean 'mlp'?",
        f"{MLP}.problem",
    ),
    "a problem without options": Mistake(
        f"{MLP}.problem", "mpl", "unknown problem 'mpl': did you mean 'mlp'?"
    ),
    "an estimator": Mistake(
        "estimators.backprop.kind",
        "bakprop",
        "unknown estimator 'bakprop': did you mean 'backprop'?",
        "estimators.backprop",
    ),
    "a direction": Mistake(
        "estimators.forward_gradient.direction",
        "gausian",
        "unknown direction 'gausian': did you mean 'gaussian'?",
    ),
    "an optimizer": Mistake(
        f"{MLP}.optimizer", "sdg", "unknown optimizer 'sdg': did you mean 'sgd'?"
    ),
    "a data set": Mistake(
        f"{MLP}.problem.dataset", "digit", "unknown dataset 'digit': did you mean 'digits'?"
    ),
    "an undefined estimator": Mistake(
        f"{MLP}.estimators",
        ["backprop", "forward_gradien"],
        "did you mean 'forward_gradient'?",
        f"{MLP}.estimators.1",
    ),
    "an estimator without kind": Mistake("estimators.new", {}, "`kind` must name"),
}
UNKNOWN_VALUES = {
    "a backend": Mistake(
        "backends",
        ["torch", "jaxx"],
        "unknown value 'jaxx': did you mean 'jax'? (valid: jax, torch)",
        "backends.1",
    ),
    "a precision": Mistake(
        "run.precision", "float16", "unknown value 'float16': did you mean 'float64'?"
    ),
    "a scheme": Mistake(
        "estimators.finite_difference_central.scheme",
        "centre",
        "unknown value 'centre': did you mean 'central'?",
    ),
    "a scaling": Mistake(
        f"{MLP}.problem.dataset",
        {"kind": "mnist", "scaling": "units"},
        "did you mean 'unit'?",
        f"{MLP}.problem.dataset.scaling",
    ),
    "neither a number of lanes nor all": Mistake(f"{MLP}.lanes", "al", "did you mean 'all'?"),
}


@pytest.mark.parametrize("mistake", MISSPELLED_KEYS.values(), ids=MISSPELLED_KEYS)
def test_a_misspelled_key_is_reported_in_one_line_with_the_nearest_key(mistake: Mistake) -> None:
    assert_reported(mistake)


@pytest.mark.parametrize("mistake", UNKNOWN_COMPONENTS.values(), ids=UNKNOWN_COMPONENTS)
def test_an_unknown_component_is_reported_in_one_line_with_file_and_key(mistake: Mistake) -> None:
    assert_reported(mistake)


@pytest.mark.parametrize("mistake", UNKNOWN_VALUES.values(), ids=UNKNOWN_VALUES)
def test_an_unknown_value_is_reported_in_one_line_with_the_nearest_value(mistake: Mistake) -> None:
    assert_reported(mistake)
