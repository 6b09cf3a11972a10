"""A value with the wrong type, out of range or in conflict with another option is reported."""

import pytest
import yaml

from support.configuration import Mistake, assert_reported

MLP = "experiments.mlp"
WRONG_TYPES = {
    "a number in a list that YAML reads as text": Mistake(
        f"{MLP}.learning_rates",
        ["1e-3"],
        "(YAML reads 1e-3 as text: write 1.0e-3)",
        f"{MLP}.learning_rates.0",
    ),
    "an option that YAML reads as text": Mistake(
        "estimators.finite_difference_forward.eps",
        "1e-3",
        "(YAML reads 1e-3 as text: write 1.0e-3)",
    ),
    "a word instead of a number": Mistake(
        f"{MLP}.seeds", "three", "input should be a valid integer, got 'three'"
    ),
    "a fraction instead of an integer": Mistake(
        f"{MLP}.seeds", 2.5, "input should be a valid integer, got 2.5"
    ),
    "a number instead of a list": Mistake(
        f"{MLP}.learning_rates", 0.1, "input should be a valid array, got 0.1"
    ),
    "a word instead of a boolean": Mistake(
        "run.exclusive", "yes", "input should be a valid boolean, got 'yes'"
    ),
    "a number instead of an experiment": Mistake(MLP, 3, "input should be an object, got 3"),
    "a date instead of a number": Mistake(f"{MLP}.seeds", yaml.safe_load("2024-01-01"), "got"),
}
OUT_OF_RANGE = {
    "a negative learning rate": Mistake(
        f"{MLP}.learning_rates",
        [0.1, -0.1],
        "input should be greater than 0, got -0.1",
        f"{MLP}.learning_rates.1",
    ),
    "an infinite learning rate": Mistake(
        f"{MLP}.learning_rates",
        [float("inf")],
        "input should be a finite number, got inf",
        f"{MLP}.learning_rates.0",
    ),
    "a repeated learning rate": Mistake(
        f"{MLP}.learning_rates", [0.1, 0.2, 0.1], "a learning rate is listed twice"
    ),
    "an empty list of learning rates": Mistake(f"{MLP}.learning_rates", [], "at least 1 item"),
    "an empty list of estimators": Mistake(f"{MLP}.estimators", [], "at least 1 item"),
    "a repeated backend": Mistake("backends", ["jax", "jax"], "twice"),
    "zero seeds": Mistake(f"{MLP}.seeds", 0, "input should be greater than 0, got 0"),
    "zero lanes": Mistake(f"{MLP}.lanes", 0, "input should be greater than 0, got 0"),
    "an option of a component": Mistake(
        f"{MLP}.optimizer",
        {"kind": "adam", "beta_1": 1.0},
        "input should be less than 1, got 1.0",
        f"{MLP}.optimizer.beta_1",
    ),
    "a percentage instead of a fraction": Mistake(
        "statistics.confidence", 95.0, "input should be less than 1, got 95"
    ),
    "a tier with a space in its name": Mistake("tier", "Big one", "got 'Big one'"),
}
CONFLICTS = {
    "learning rates and a search": Mistake(
        f"{MLP}.tuning",
        {"lowest": 0.1, "highest": 1.0},
        "give either learning_rates or tuning",
    ),
    "a search with its highest rate below its lowest": Mistake(
        MLP,
        {"learning_rates": None, "tuning": {"lowest": 0.1, "highest": 0.01}},
        "0.01 is not above",
        f"{MLP}.tuning.highest",
    ),
    "a search in which the best rate is always at an end": Mistake(
        MLP,
        {
            "learning_rates": None,
            "tuning": {"lowest": 0.1, "highest": 1.0, "per_decade": 1, "extension": 0},
        },
        "0 leaves no rate between two others on a grid of 2 rates: use at least 1",
        f"{MLP}.tuning.extension",
    ),
    "record points that do not divide the steps": Mistake(
        f"{MLP}.record_every", 300, "300 does not divide steps = 7000"
    ),
    "a horizon after the last step": Mistake(
        f"{MLP}.horizon", 7350, "7350 is more than steps = 7000"
    ),
    "a horizon between two record points": Mistake(
        f"{MLP}.horizon", 1100, "1100 is not a multiple of record_every = 250"
    ),
    "a minibatch larger than the data set": Mistake(
        f"{MLP}.batch_size", 1201, "1201 is more than the 1200 training examples"
    ),
    "an estimator for sequences and a problem without them": Mistake(
        f"{MLP}.estimators",
        ["truncated_bptt"],
        "'truncated_bptt' needs a sequence, but the problem 'mlp' has none",
        f"{MLP}.estimators.0",
    ),
    "a window that does not divide the sequence": Mistake(
        "experiments.digits_rows.estimators",
        ["truncated_bptt_10"],
        "window = 10 of 'truncated_bptt_10' does not divide the sequence length 8",
        "experiments.digits_rows.estimators.0",
    ),
    "a random candidate that is followed itself": Mistake(
        "estimators.candidate_diagonal.candidate",
        {"kind": "random", "direction": "gaussian"},
        "candidate_descent needs an approximate gradient",
        "estimators.candidate_diagonal",
    ),
    "images too small for the padding": Mistake(
        "experiments.cnn.problem.padding",
        "valid",
        "images of 8 x 8 are too small for padding 'valid'",
        "experiments.cnn.problem",
    ),
}


@pytest.mark.parametrize("mistake", WRONG_TYPES.values(), ids=WRONG_TYPES)
def test_a_wrong_type_is_reported_in_one_line_with_file_and_key(mistake: Mistake) -> None:
    assert_reported(mistake)


@pytest.mark.parametrize("mistake", OUT_OF_RANGE.values(), ids=OUT_OF_RANGE)
def test_a_value_out_of_range_is_reported_in_one_line_with_file_and_key(mistake: Mistake) -> None:
    assert_reported(mistake)


@pytest.mark.parametrize("mistake", CONFLICTS.values(), ids=CONFLICTS)
def test_a_conflict_of_options_is_reported_in_one_line_with_file_and_key(
    mistake: Mistake,
) -> None:
    assert_reported(mistake)
