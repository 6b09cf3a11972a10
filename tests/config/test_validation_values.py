"""A value with the wrong type, out of range or in conflict with another option is reported."""

import pytest
import yaml

from support.configuration import BASE, Mistake, assert_reported, configured, error_message

MLP = "experiments.mlp"
WRONG_TYPES = {
    "a number in quotation marks in a list": Mistake(
        f"{MLP}.learning_rates",
        ["1e-3"],
        "expected a number, got '1e-3': remove the quotation marks",
        f"{MLP}.learning_rates.0",
    ),
    "a number in quotation marks": Mistake(
        "estimators.finite_difference_forward.eps",
        "0.5",
        "expected a number, got '0.5': remove the quotation marks",
    ),
    "a boolean in quotation marks": Mistake(
        "run.exclusive", "yes", "expected true or false, got 'yes': remove the quotation marks"
    ),
    "a word instead of a number": Mistake(
        f"{MLP}.seeds", "three", "expected a whole number, got 'three'"
    ),
    "a fraction instead of an integer": Mistake(
        f"{MLP}.seeds", 2.5, "expected a whole number, got 2.5"
    ),
    "an integer with a point": Mistake(
        f"{MLP}.steps", 1000.0, "expected a whole number, got 1000.0: write 1000"
    ),
    "a number instead of a list": Mistake(f"{MLP}.learning_rates", 0.1, "expected a list, got 0.1"),
    "a word instead of a boolean": Mistake(
        "run.exclusive", "maybe", "expected true or false, got 'maybe'"
    ),
    "a number instead of an experiment": Mistake(MLP, 3, "expected keys and values, got 3"),
    "null instead of keys": Mistake("run", None, "expected keys and values, got null"),
    "a word that YAML reads as a boolean": Mistake(
        f"{MLP}.estimators",
        [True],
        "expected text, got true: YAML reads yes, on and true as true, so put",
        f"{MLP}.estimators.0",
    ),
    "a number instead of a text": Mistake(
        "run.data_directory", 2024, "expected text, got 2024: put the text in quotation marks"
    ),
    "a number instead of one of some words": Mistake(
        "run.precision", 32, "expected float32 or float64, got 32"
    ),
    "neither member of a union": Mistake(
        f"{MLP}.lanes", 2.5, "expected a whole number or all, got 2.5"
    ),
    "the item of a list that may also be a boolean": Mistake(
        "cost.baydin.pieces",
        ["sampling", 3],
        "expected sampling or derivative or update, got 3",
        "cost.baydin.pieces.1",
    ),
    "a component that is a list": Mistake(
        f"{MLP}.problem", {"kind": ["mlp"]}, "`kind` must name one of the problems: "
    ),
    "a component that is null": Mistake(
        f"{MLP}.problem", None, "null is no problem: name one of the problems: (valid: "
    ),
    "a list that is too short": Mistake(
        "experiments.beale.problem.start", [1.0], "the list is too short"
    ),
    "a list that is too long": Mistake(
        "experiments.beale.problem.start", [1.0] * 3, "expected a list of at most 2 items, got [1.0"
    ),
    "a date instead of a number": Mistake(f"{MLP}.seeds", yaml.safe_load("2024-01-01"), "got"),
}
OUT_OF_RANGE = {
    "a negative learning rate": Mistake(
        f"{MLP}.learning_rates",
        [0.1, -0.1],
        "expected a number above 0, got -0.1",
        f"{MLP}.learning_rates.1",
    ),
    "an infinite learning rate": Mistake(
        f"{MLP}.learning_rates",
        [float("inf")],
        "expected a finite number, got .inf",
        f"{MLP}.learning_rates.0",
    ),
    "a repeated learning rate": Mistake(
        f"{MLP}.learning_rates", [0.1, 0.2, 0.1], "0.1 is listed twice: keep one of them"
    ),
    "an empty list of learning rates": Mistake(
        f"{MLP}.learning_rates", [], "expected a list of at least 1 item, got []"
    ),
    "an empty list of estimators": Mistake(f"{MLP}.estimators", [], "at least 1 item"),
    "a repeated backend": Mistake("backends", ["jax", "jax"], "'jax' is listed twice"),
    "a repeated estimator": Mistake(
        f"{MLP}.estimators", ["backprop", "backprop"], "'backprop' is listed twice"
    ),
    "a repeated batch size": Mistake("quality.laws.batch_sizes", [8, 8], "8 is listed twice"),
    "a repeated name in only": Mistake("only", ["mlp", "mlp"], "'mlp' is listed twice"),
    "a repeated part of a step": Mistake(
        "cost.baydin.pieces", ["update", "update"], "'update' is listed twice"
    ),
    "zero seeds": Mistake(f"{MLP}.seeds", 0, "expected a number of at least 1, got 0"),
    "zero lanes": Mistake(f"{MLP}.lanes", 0, "expected a number of at least 1 or all, got 0"),
    "an option of a component": Mistake(
        f"{MLP}.optimizer",
        {"kind": "adam", "beta_1": 1.0},
        "expected a number below 1, got 1.0",
        f"{MLP}.optimizer.beta_1",
    ),
    "a percentage instead of a fraction": Mistake(
        "statistics.confidence", 95.0, "expected a number below 1, got 95"
    ),
    "a tier with a space in its name": Mistake("tier", "Big one", "got 'Big one'"),
    "a name with a capital letter": Mistake(
        "experiments.Mlp",
        {"seeds": 1},
        "expected a lower-case letter, then lower-case letters, digits or _, got 'Mlp'",
    ),
    "a name that no file can have": Mistake(
        f"estimators.{'a' * 101}",
        {"kind": "backprop"},
        "expected at most 100 characters",
        f"estimators.{'a' * 76} ...",
    ),
    "a count beyond 32 bits": Mistake(
        f"{MLP}.steps", 10**12, "expected a number of at most 2147483647, got 1000000000000"
    ),
    "a number beyond 64 bits": Mistake(
        f"{MLP}.seeds", 10**25, "expected a number of at most 9007199254740992, got 1000"
    ),
    "a width beyond 32 bits": Mistake(
        f"{MLP}.problem.hidden", [64, 10**10], "expected a number of at most 2147483647, got [64, 1"
    ),
    "more values than variables": Mistake(
        "experiments.rosenbrock.problem",
        {"kind": "rosenbrock", "dimension": 3, "start": [1.0] * 4},
        "start has 4 values for 3 variables: remove some",
    ),
}
CONFLICTS = {
    "a rate that is 0 in float32": Mistake(
        f"{MLP}.learning_rates",
        [1e-300],
        "1e-300 is 0 in float32: use 1.2e-38 to 3.4e+38",
        f"{MLP}.learning_rates.0",
    ),
    "a search with rates that are equal to 3 digits": Mistake(
        MLP,
        {"learning_rates": None, "tuning": {"lowest": 0.1, "highest": 1.0, "per_decade": 300}},
        "300 rates per decade are not distinct to 3 digits: use fewer",
        f"{MLP}.tuning.per_decade",
    ),
    "a search with too many rates": Mistake(
        MLP,
        {"learning_rates": None, "tuning": {"lowest": 0.1, "highest": 1.0, "per_decade": 10**9}},
        "1000000000 rates per decade give 1000000000 rates: use at most 1000 in all",
        f"{MLP}.tuning.per_decade",
    ),
    "a search with an end between two rates": Mistake(
        MLP,
        {"learning_rates": None, "tuning": {"lowest": 0.1, "highest": 0.2}},
        "0.2 is not on the grid of 2 rates per decade from lowest = 0.1: use 0.1 or 0.316",
        f"{MLP}.tuning.highest",
    ),
    "curves that fit into no memory": Mistake(
        f"{MLP}.seeds", 10**9, "points of curves take 9775 GiB or more: use fewer seeds"
    ),
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


@pytest.mark.parametrize(("eps", "limit"), [(1e-300, "0"), (4e38, "infinite")])
def test_a_difference_needs_a_step_that_its_precision_can_hold(eps: float, limit: str) -> None:
    used = {"problem": "beale", "optimizer": "sgd", "learning_rates": [0.1], "seeds": 1}
    used |= {"steps": 10, "record_every": 10, "estimators": ["finite_difference_central"]}
    over = {"estimators": {"finite_difference_central": {"eps": eps}}, "experiments": {"x": used}}
    message = error_message(over)
    key = "estimators.finite_difference_central.eps"
    assert message.startswith(f"over.yaml: {key}: {eps:g} is {limit} in float32: use 1.2e-38 to ")
    assert configured(BASE, over | {"run": {"precision": "float64"}})
