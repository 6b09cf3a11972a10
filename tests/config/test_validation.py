"""The configuration: every mistake is one sentence with its file and key, told before anything runs."""

import json
from copy import deepcopy
from functools import reduce
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from dirgrad.cli import main
from dirgrad.config import files, validation
from dirgrad.core.errors import UserError
from support.paths import ROOT

CONFIG = ROOT / "config"
BASE = files.read(CONFIG / "config.yaml")
TIERS = {
    "default": [],
    "smoke": ["smoke.yaml"],
    "paper": ["paper.yaml"],
    "sequences": ["sequences.yaml"],
}


def nested(key: str, value: Any) -> Any:
    return reduce(lambda inner, name: {name: inner}, reversed(key.split(".")), value)


def mistake(over: dict[str, Any], base: dict[str, Any] = BASE) -> str:
    """What is said of `over.yaml`, laid over `base.yaml`."""
    with pytest.raises(UserError) as error:
        validation.check(files.overlay(base, over), {"base.yaml": base, "over.yaml": over})
    return str(error.value)


MLP = "experiments.mlp"
ADAM = {"kind": "adam"}
MISTAKES = {
    # what is laid over: (key, value), then the key named behind the one given, then what is said of it
    "a misspelt key at the top": ("backend", ["jax"], "", "unknown key: did you mean 'backends'?"),
    "a misspelt key of run": ("run.thread", 2, "", "unknown key: did you mean 'threads'?"),
    "a misspelt key of statistics": (
        "statistics.confidences",
        0.5,
        "",
        "unknown key: did you mean 'confidence'?",
    ),
    "a misspelt key of an experiment": (
        f"{MLP}.seedz",
        3,
        "",
        "unknown key: did you mean 'seeds'?",
    ),
    "a misspelt option of a problem": (
        f"{MLP}.problem.hiden",
        [3],
        "",
        "unknown key: did you mean 'hidden'?",
    ),
    "a misspelt option of an optimizer": (
        f"{MLP}.optimizer",
        ADAM | {"beta1": 0.9},
        ".beta1",
        "unknown key: did you mean 'beta_1'?",
    ),
    "a misspelt option of an estimator": (
        "estimators.forward_gradient.directions",
        4,
        "",
        "unknown key: did you mean 'direction'?",
    ),
    "a misspelt option of a dataset": (
        f"{MLP}.problem.dataset",
        {"kind": "mnist", "scale": "unit"},
        ".scale",
        "did you mean 'scaling'?",
    ),
    "an unknown problem": (
        f"{MLP}.problem.kind",
        "mpl",
        "!",
        "unknown problem 'mpl': did you mean 'mlp'?",
    ),
    "an unknown problem, by name alone": (
        f"{MLP}.problem",
        "mpl",
        "",
        "unknown problem 'mpl': did you mean 'mlp'?",
    ),
    "an unknown estimator": (
        "estimators.backprop.kind",
        "bakprop",
        "!",
        "unknown estimator 'bakprop': did you mean 'backprop'?",
    ),
    "an unknown direction": (
        "estimators.forward_gradient.direction",
        "gausian",
        "",
        "unknown direction 'gausian': did you mean 'gaussian'?",
    ),
    "an unknown optimizer": (
        f"{MLP}.optimizer",
        "sdg",
        "",
        "unknown optimizer 'sdg': did you mean 'sgd'?",
    ),
    "an unknown dataset": (
        f"{MLP}.problem.dataset",
        "digit",
        "",
        "unknown dataset 'digit': did you mean 'digits'?",
    ),
    "an unknown backend": (
        "backends",
        ["torch", "jaxx"],
        ".1",
        "unknown value 'jaxx': did you mean 'jax'? (valid: jax, torch)",
    ),
    "an unknown precision": (
        "run.precision",
        "float16",
        "",
        "unknown value 'float16': did you mean 'float64'?",
    ),
    "an unknown scheme": (
        "estimators.finite_difference_central.scheme",
        "centre",
        "",
        "unknown value 'centre': did you mean 'central'?",
    ),
    "an unknown scaling": (
        f"{MLP}.problem.dataset",
        {"kind": "mnist", "scaling": "units"},
        ".scaling",
        "did you mean 'unit'?",
    ),
    "an undefined estimator": (
        f"{MLP}.estimators",
        ["backprop", "forward_gradien"],
        ".1",
        "did you mean 'forward_gradient'?",
    ),
    "no kind": ("estimators.new", {}, "", "`kind` must name"),
    "a number that is text to YAML": (
        f"{MLP}.learning_rates",
        ["1e-3"],
        ".0",
        "(YAML reads 1e-3 as text: write 1.0e-3)",
    ),
    "an option that is text to YAML": (
        "estimators.finite_difference_forward.eps",
        "1e-3",
        "",
        "(YAML reads 1e-3 as text: write 1.0e-3)",
    ),
    "a word for a number": (
        f"{MLP}.seeds",
        "three",
        "",
        "input should be a valid integer, got 'three'",
    ),
    "a fraction for a whole number": (
        f"{MLP}.seeds",
        2.5,
        "",
        "input should be a valid integer, got 2.5",
    ),
    "a number for a list": (
        f"{MLP}.learning_rates",
        0.1,
        "",
        "input should be a valid array, got 0.1",
    ),
    "a word for yes or no": (
        "run.exclusive",
        "yes",
        "",
        "input should be a valid boolean, got 'yes'",
    ),
    "a number for an experiment": (MLP, 3, "", "input should be an object, got 3"),
    "a misspelt key of a search": (
        f"{MLP}.tuning",
        {"lowest": 0.1, "highest": 1.0, "sedes": 3},
        ".sedes",
        "did you mean 'seeds'?",
    ),
    "a date": (f"{MLP}.seeds", yaml.safe_load("2024-01-01"), "", "got"),
    "a negative learning rate": (
        f"{MLP}.learning_rates",
        [0.1, -0.1],
        ".1",
        "input should be greater than 0, got -0.1",
    ),
    "an infinite learning rate": (
        f"{MLP}.learning_rates",
        [float("inf")],
        ".0",
        "input should be a finite number, got inf",
    ),
    "a learning rate twice": (
        f"{MLP}.learning_rates",
        [0.1, 0.2, 0.1],
        "",
        "a learning rate stands twice",
    ),
    "rates and a search of rates": (
        f"{MLP}.tuning",
        {"lowest": 0.1, "highest": 1.0},
        "",
        "give either learning_rates or tuning",
    ),
    "a grid that goes down": (
        MLP,
        {"learning_rates": None, "tuning": {"lowest": 0.1, "highest": 0.01}},
        ".tuning.highest",
        "0.01 is not above",
    ),
    "an empty grid": (f"{MLP}.learning_rates", [], "", "at least 1 item"),
    "no estimators": (f"{MLP}.estimators", [], "", "at least 1 item"),
    "no seeds": (f"{MLP}.seeds", 0, "", "input should be greater than 0, got 0"),
    "an option out of bounds": (
        f"{MLP}.optimizer",
        ADAM | {"beta_1": 1.0},
        ".beta_1",
        "input should be less than 1, got 1.0",
    ),
    "per cent for a share": (
        "statistics.confidence",
        95.0,
        "",
        "input should be less than 1, got 95",
    ),
    "record points beyond the steps": (
        f"{MLP}.record_every",
        300,
        "",
        "300 does not divide steps = 5000",
    ),
    "a batch of more than the data": (
        f"{MLP}.batch_size",
        1201,
        "",
        "1201 is more than the 1200 training examples",
    ),
    "an estimator of sequences without a sequence": (
        f"{MLP}.estimators",
        ["truncated_bptt"],
        ".0",
        "'truncated_bptt' goes along a sequence, and the problem 'mlp' reads none",
    ),
    "a window that does not fit": (
        "experiments.digits_rows.estimators",
        ["truncated_bptt_10"],
        ".0",
        "window = 10 of 'truncated_bptt_10' does not divide the 8 steps of the problem",
    ),
    "padding valid on 8 x 8": (
        "experiments.cnn.problem.padding",
        "valid",
        "!",
        "images of 8 x 8 are too small for padding 'valid'",
    ),
    "neither a number nor all": (f"{MLP}.lanes", "al", "", "did you mean 'all'?"),
    "no lanes": (f"{MLP}.lanes", 0, "", "input should be greater than 0, got 0"),
    "a backend twice": ("backends", ["jax", "jax"], "", "twice"),
    "a tier that is no name": ("tier", "Big one", "", "got 'Big one'"),
}


@pytest.mark.parametrize(("key", "value", "named", "said"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_one_sentence_with_file_and_key(
    key: str, value: Any, named: str, said: str
) -> None:
    place = key.rpartition(".")[0] if named == "!" else key + named
    text = mistake(nested(key, value))
    assert text.startswith(f"over.yaml: {place}: ")
    assert said in text
    assert len(text.splitlines()) == 1


@pytest.mark.parametrize(
    "key",
    ["tier", "backends", "estimators", "experiments", f"{MLP}.seeds", f"{MLP}.problem.dataset"],
)
def test_a_missing_key_is_named(key: str) -> None:
    base = deepcopy(BASE)
    *above, last = key.split(".")
    del reduce(lambda inner, name: inner[name], above, base)[last]
    with pytest.raises(UserError) as error:
        validation.check(base, {"base.yaml": base})
    assert str(error.value) == f"base.yaml: {key}: the key is missing"


def test_every_mistake_is_told_at_once() -> None:
    text = mistake({"experiments": {"mlp": {"seeds": 0, "stepz": 1}, "cnn": {"optimizer": "sdg"}}})
    assert sorted(line.split(": ")[1] for line in text.splitlines()) == [
        "experiments.cnn.optimizer",
        "experiments.mlp.seeds",
        "experiments.mlp.stepz",
    ]


def test_the_file_named_is_the_only_one_that_has_the_key() -> None:
    base = files.overlay(BASE, nested(f"{MLP}.seeds", -1))
    assert mistake(nested(f"{MLP}.steps", 100), base).startswith(f"base.yaml: {MLP}.seeds: ")


def test_the_file_named_is_the_last_of_those_that_have_the_key() -> None:
    base = files.overlay(BASE, nested(f"{MLP}.seeds", 3))
    assert mistake(nested(f"{MLP}.seeds", -1), base).startswith(f"over.yaml: {MLP}.seeds: ")


def test_the_file_named_is_the_one_that_replaced_a_list() -> None:
    assert mistake(nested("experiments.beale.problem.start", [1.0])).startswith(
        "over.yaml: experiments.beale.problem.start"
    )


def test_the_file_named_is_the_one_that_replaced_options_by_a_name_alone() -> None:
    text = mistake({"estimators": {"finite_difference_forward": "finite_difference"}})
    assert {line.split(": ")[0] for line in text.splitlines()} == {"over.yaml"}


def test_what_stands_in_no_file_came_from_the_command_line() -> None:
    paths = [CONFIG / "config.yaml", CONFIG / "smoke.yaml"]
    raw = files.overlay(validation.load(paths), nested(f"{MLP}.seeds", -1))
    with pytest.raises(
        UserError, match=rf"^the command line: {MLP}.seeds: input should be greater than 0, got -1$"
    ):
        validation.check(raw, files.layers(raw, paths))


def test_the_last_layer_holds_only_what_the_command_line_changed() -> None:
    paths = [CONFIG / "config.yaml", CONFIG / "smoke.yaml"]
    over = nested(f"{MLP}.seeds", 7)
    found = files.layers(files.overlay(validation.load(paths), over), paths)
    assert list(found) == [*map(str, paths), "the command line"]
    assert found["the command line"] == over


@pytest.mark.parametrize(("tier", "overlays"), TIERS.items())
def test_every_tier_is_valid(tier: str, overlays: list[str]) -> None:
    raw = validation.load([CONFIG / "config.yaml", *(CONFIG / name for name in overlays)])
    assert validation.check(raw, {}).tier == tier


def test_every_tier_has_a_test() -> None:
    assert {path.stem for path in CONFIG.glob("*.yaml")} == {"config", "claims"} | TIERS.keys() - {
        "default"
    }


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"tier: [1\n", "cannot be read as YAML: "),
        (b"\xff\xfe\x00", "cannot be read as YAML: "),
        (b"- tier\n", "the file must hold keys and values, not a list"),
        (b"tier\n", "the file must hold keys and values, not a str"),
        (b"", "the file must hold keys and values"),
    ],
)
def test_a_file_that_cannot_be_understood_is_named_in_one_line(
    tmp_path: Path, content: bytes, said: str
) -> None:
    path = tmp_path / "bad.yaml"
    path.write_bytes(content)
    with pytest.raises(UserError) as error:
        validation.load([path])
    assert str(error.value).startswith(f"{path}: {said}")
    assert len(str(error.value).splitlines()) == 1


def test_of_a_missing_file_the_nearest_is_offered() -> None:
    with pytest.raises(UserError, match=r"smok\.yaml: no such file: did you mean 'smoke\.yaml'\?"):
        validation.load([CONFIG / "smok.yaml"])


# Overlays: `a` and `b` hold mappings wherever they stand, `x` and `y` hold values.
VALUES = st.one_of(st.none(), st.integers(0, 3), st.lists(st.integers(0, 3), max_size=2))
LEAVES = st.dictionaries(st.sampled_from("xy"), VALUES)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.builds(
        lambda leaves, inside: leaves | inside,
        LEAVES,
        st.dictionaries(st.sampled_from("ab"), inner),
    ),
    max_leaves=6,
)
ANY = st.recursive(
    VALUES, lambda inner: st.dictionaries(st.sampled_from("abxy"), inner), max_leaves=8
)
MAPPINGS = st.dictionaries(st.sampled_from("abxy"), ANY)


@given(MAPPINGS)
@settings(max_examples=50, deadline=None)
def test_an_empty_overlay_changes_nothing(base: dict[str, Any]) -> None:
    assert files.overlay(base, {}) == base
    assert files.overlay({}, base) == base


@given(MAPPINGS)
@settings(max_examples=50, deadline=None)
def test_an_overlay_of_itself_changes_nothing(base: dict[str, Any]) -> None:
    assert files.overlay(base, base) == base


@given(TREES, TREES, TREES)
@settings(max_examples=50, deadline=None)
def test_overlays_of_one_shape_are_associative(
    a: dict[str, Any], b: dict[str, Any], c: dict[str, Any]
) -> None:
    assert files.overlay(files.overlay(a, b), c) == files.overlay(a, files.overlay(b, c))


@given(MAPPINGS, MAPPINGS)
@settings(max_examples=50, deadline=None)
def test_an_overlay_is_what_snakemake_makes_of_it(
    base: dict[str, Any], over: dict[str, Any]
) -> None:
    update = pytest.importorskip(
        "snakemake.utils", reason="Snakemake is not installed"
    ).update_config
    made = deepcopy(base)
    update(made, deepcopy(over))
    assert files.overlay(base, over) == made


@given(MAPPINGS, MAPPINGS)
@settings(max_examples=50, deadline=None)
def test_an_overlay_leaves_what_it_was_made_of(base: dict[str, Any], over: dict[str, Any]) -> None:
    before = deepcopy((base, over))
    files.overlay(base, over)
    assert (base, over) == before


YAML = str(CONFIG / "config.yaml")
FIGURE = ["--config", YAML, "--records", "nowhere"]
COMMANDS = {
    "table": (
        ["table", "fina", "--config", YAML, "--records", "."],
        "unknown table 'fina': did you mean 'final'?",
    ),
    "figure": (
        ["figure", "loss_mlpp", *FIGURE],
        "no figure 'loss_mlpp' in this configuration: did you mean 'loss_mlp'?",
    ),
    "cell": (["run", "mlp/jaxx", "--config", YAML], "no cell 'mlp/jaxx': did you mean 'mlp/jax'?"),
    "measurement": (
        ["measure", "cost/depht/jax", "--config", YAML],
        "no measurement 'cost/depht/jax': did you mean 'cost/depth/jax'?",
    ),
    "dataset": (
        ["data", "minst", "--config", YAML],
        "unknown dataset 'minst': did you mean 'mnist'?",
    ),
    "tier": (
        ["manifest", "--records", ".", "--config", YAML, str(CONFIG / "papr.yaml")],
        "papr.yaml: no such file: did you mean 'paper.yaml'?",
    ),
    "records": (["table", "final", "--config", YAML, "--records", "nowhere"], "nowhere"),
    "records of the manifest": (["manifest", "--config", YAML, "--records", "nowhere"], "nowhere"),
    "records of a figure": (["figure", "overview", *FIGURE], "nowhere"),
    "file of a table": (
        ["figure", "overview", *FIGURE, "--tables", "missing/final.csv"],
        "missing/final.csv",
    ),
}


@pytest.mark.parametrize(("arguments", "said"), COMMANDS.values(), ids=COMMANDS)
def test_a_command_that_names_what_is_not_there_says_so(
    arguments: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        main.main([*arguments, "--out", str(tmp_path / "out")])
    heard = capsys.readouterr()
    assert ended.value.code == 2
    assert heard.err.startswith("dirgrad: ")
    assert said in heard.err
    assert "Traceback" not in heard.err
    assert not heard.out
    assert not (tmp_path / "out").exists()


def test_a_wrong_configuration_ends_a_command_with_one_line_a_mistake(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    over = tmp_path / "over.yaml"
    over.write_text("sed: 1\nrun: {threads: 0}\n", encoding="utf-8")
    with pytest.raises(SystemExit) as ended:
        main.main(["cells", "--config", YAML, str(over)])
    lines = capsys.readouterr().err.splitlines()
    assert ended.value.code == 2
    assert len(lines) == 2
    assert all(line.startswith(f"dirgrad: {over}: ") for line in lines)


def test_cells_are_printed_one_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    main.main(["cells", "--config", YAML])
    assert capsys.readouterr().out.splitlines() == [
        f"{name}/{backend}"
        for name, one in BASE["experiments"].items()
        for backend in one.get("backends", BASE["backends"])
    ]


def test_json_is_read_as_json_and_an_override_lies_over_the_files(tmp_path: Path) -> None:
    base = validation.load([YAML])
    (tmp_path / "config.json").write_text(json.dumps(base), encoding="utf-8")
    assert "5e-05" in (tmp_path / "config.json").read_text()
    assert validation.load([tmp_path / "config.json"]) == base
    assert validation.load([YAML], {"run": {"threads": 7}})["run"] == base["run"] | {"threads": 7}
