"""Every claim of config/claims.yaml can be judged, and the loader reports mistakes in the file."""

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from dirgrad.analysis import claims, claims_page, claims_table
from dirgrad.cli import main
from dirgrad.core.errors import UserError
from support.hand_made_quantities import CLAIM_TABLES, CLAIMS, CLAIMS_FILE, ESTIMATORS
from support.paths import ROOT

RAW = yaml.safe_load(CLAIMS_FILE.read_text(encoding="utf-8"))
FORWARD = {"kind": "forward_gradient", "direction": "gaussian"}
VALUE = {"kind": "value", "table": "quality", "of": "snr"}
RATIO = {
    "kind": "ratio",
    "table": "memory",
    "of": "temp_bytes",
    "over": "backprop",
    "under": FORWARD,
}
POWER = {"kind": "power", "table": "memory", "of": "temp_bytes", "in": "depth"}


@pytest.mark.parametrize("name", CLAIMS)
def test_a_precise_value_decides_a_claim(name: str) -> None:
    tables = CLAIM_TABLES[name].make(1.7, 1e-3, 50)
    judged = claims_table.make(tables, {name: CLAIMS[name]}, ESTIMATORS, 0.95, "test").claims
    assert judged["verdict"].iloc[0] in ("holds", "does not hold")


def test_the_page_is_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    main.main(["claim-options"])
    assert capsys.readouterr().out == (ROOT / "config/claims.md").read_text(encoding="utf-8")


def test_every_key_of_a_claim_has_a_description() -> None:
    rows = [line.split(" | ") for line in claims_page.page().splitlines() if line.startswith("| `")]
    assert len(rows) > 15
    assert [row[0] for row in rows if not row[2].strip(" |")] == []


@pytest.mark.parametrize("kind", claims.QUANTITIES)
def test_a_special_quantity_says_why_it_is_special(kind: str) -> None:
    cls = claims.QUANTITIES[kind]
    is_special = cls.__module__.endswith(".special")
    assert ("It is special because" in (cls.__doc__ or "")) is is_special


MISTAKES: dict[str, tuple[str, Any, str]] = {
    "an unknown key": ("sorce", "x", "unknown key: did you mean 'source'?"),
    "an unknown kind of criterion": (
        "criterion",
        {"abov": 1.0},
        "criterion.abov: unknown key: did you mean 'above'?",
    ),
    "no criterion": (
        "criterion",
        {},
        "give exactly one of above, below, between and outside, got none",
    ),
    "two criteria": ("criterion", {"above": 1.0, "below": 2.0}, "got above, below"),
    "an empty range": (
        "criterion",
        {"between": [2.0, 1.0]},
        "the lower end 2 must be below the upper 1",
    ),
    "text for a number": ("criterion", {"above": "x"}, "above: expected a number, got 'x'"),
    "zero as the bound of a ratio": (
        "criterion",
        {"above": 0.0},
        "'steps_over_backprop' is a ratio: expected numbers above 0, got 0",
    ),
    "an empty statement": ("statement", "", "statement"),
    "null as the source": ("source", None, "source"),
}
"""Wrong values in a claim, by description: the key, the value, and a part of the message."""


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_reported_in_one_line_with_its_file_and_key(
    mistake: str, tmp_path: Path
) -> None:
    key, value, message = MISTAKES[mistake]
    raw = copy.deepcopy(RAW)
    raw["claims"]["more_steps_than_backprop"][key] = value
    path = tmp_path / "claims.yaml"
    path.write_text(yaml.safe_dump(raw))
    with pytest.raises(UserError) as error:
        claims.load_claims(path)
    (line,) = str(error.value).splitlines()
    assert line.startswith(f"{path}: claims.more_steps_than_backprop.")
    assert message in line


QUANTITY_MISTAKES: dict[str, tuple[Any, str, str]] = {
    "a list as its kind": ({"kind": ["value"]}, "", "`kind` must name a quantity: (valid: "),
    "an unknown kind of a law": (
        VALUE | {"where": {"direction": ["laplce"]}},
        ".where.direction",
        "did you mean 'laplace'?",
    ),
    "an unknown kind": (VALUE | {"kind": "valeu"}, "", "did you mean 'value'?"),
    "an unknown bare name": ("projektion", "", "did you mean 'projection'?"),
    "no kind": ({"table": "memory"}, "", "`kind` must name a quantity"),
    "a bare name with required keys": ("loss_over_plain", ".family", "the key is missing"),
    "an unknown table": (VALUE | {"table": "qualty"}, ".table", "did you mean 'quality'?"),
    "an unknown column": (VALUE | {"of": "projction"}, ".of", "did you mean 'projection'?"),
    "a column of text": (VALUE | {"of": "dtype"}, ".of", "unknown column 'dtype'"),
    "an unknown key": (RATIO | {"undr": "backprop"}, ".undr", "did you mean 'under'?"),
    "an unknown facet": (VALUE | {"by": ["bakend"]}, ".by.0", "did you mean 'backend'?"),
    "an unknown match": (RATIO | {"match": ["dept"]}, ".match.0", "did you mean 'depth'?"),
    "an unknown abscissa": (POWER | {"in": "dpth"}, ".in", "did you mean 'depth'?"),
    "an unknown column of rows": (
        VALUE | {"where": {"directon": "gaussian"}},
        ".where.directon",
        "did you mean 'direction'?",
    ),
    "an unknown law": (
        VALUE | {"where": {"direction": ["laplce"]}},
        ".where.direction",
        "did you mean 'laplace'?",
    ),
    "an unknown data type": (
        VALUE | {"where": {"dtype": "float46"}},
        ".where.dtype",
        "did you mean 'float64'?",
    ),
    "an unknown value of one table": (
        {"kind": "value", "table": "baydin", "of": "value", "where": {"quantity": "T_f_over_Tb"}},
        ".where.quantity",
        "did you mean 'T_f_over_T_b'?",
    ),
    "text for a number of a row": (VALUE | {"where": {"eps": "0.1"}}, ".where.eps", "a number"),
    "null for a value of a row": (VALUE | {"where": {"eps": None}}, ".where.eps", "got null"),
    "no values of a row": (VALUE | {"where": {"eps": []}}, ".where.eps", "at least 1"),
    "an unknown bound": (
        VALUE | {"where": {"eps": {"abov": 1.0}}},
        ".where.eps.abov",
        "did you mean 'above'?",
    ),
    "bounds on text": (VALUE | {"where": {"dtype": {"above": 1.0}}}, ".where.dtype", "holds text"),
    "an estimator by its name": (
        VALUE | {"where": {"estimator": "forward_gradient_k8"}},
        ".where.estimator",
        "under the key `estimator`",
    ),
    "an unknown estimator": (VALUE | {"estimator": "bakprop"}, ".estimator", "'backprop'?"),
    "an unknown estimator in a ratio": (
        RATIO | {"over": {"kind": "bakprop"}},
        ".over",
        "did you mean 'backprop'?",
    ),
    "an unknown option": (
        RATIO | {"over": {"kind": "checkpointed_backprop", "segmnt": 3}},
        ".over.segmnt",
        "did you mean 'segment'?",
    ),
    "an unknown direction": (
        RATIO | {"under": FORWARD | {"direction": "laplce"}},
        ".under.direction",
        "did you mean 'laplace'?",
    ),
    "an unknown direction in a list": (
        RATIO | {"under": FORWARD | {"direction": ["gaussian", "laplce"]}},
        ".under.direction.1",
        "did you mean 'laplace'?",
    ),
    "an unknown option of a direction": (
        RATIO | {"under": FORWARD | {"direction": {"kind": "low_rank", "rnk": 4}}},
        ".under.direction.rnk",
        "did you mean 'rank'?",
    ),
    "a wrong value of an option": (
        RATIO | {"under": FORWARD | {"num_directions": 0}},
        ".under.num_directions",
        "expected a number above 0, got 0",
    ),
    "an unknown value of an option": (
        VALUE | {"estimator": {"kind": "finite_difference", "scheme": "forwrd"}},
        ".estimator.scheme",
        "did you mean 'forward'?",
    ),
}
"""Wrong quantities, by description: the quantity, the key in it, and a part of the message."""


@pytest.mark.parametrize("mistake", QUANTITY_MISTAKES)
def test_a_mistake_in_a_quantity_is_reported_in_one_line_with_its_key(
    mistake: str, tmp_path: Path
) -> None:
    quantity, key, message = QUANTITY_MISTAKES[mistake]
    raw = copy.deepcopy(RAW)
    raw["claims"]["more_steps_than_backprop"]["quantity"] = quantity
    path = tmp_path / "claims.yaml"
    path.write_text(yaml.safe_dump(raw))
    with pytest.raises(UserError) as error:
        claims.load_claims(path)
    (line,) = str(error.value).splitlines()
    assert line.startswith(f"{path}: claims.more_steps_than_backprop.quantity{key}: ")
    assert message in line


def test_an_unknown_top_level_key_is_rejected(tmp_path: Path) -> None:
    path = tmp_path / "claims.yaml"
    path.write_text(yaml.safe_dump(RAW | {"claim": {}}))
    with pytest.raises(UserError, match="claim: unknown key: did you mean 'claims'"):
        claims.load_claims(path)
