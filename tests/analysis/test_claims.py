"""Every claim of config/claims.yaml can be judged, and the loader reports mistakes in the file."""

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from dirgrad.analysis import claims, claims_table
from dirgrad.config import outputs, validation
from dirgrad.core.errors import UserError
from support.hand_made_quantities import QUANTITY_TABLES
from support.paths import ROOT

FILE = ROOT / "config" / "claims.yaml"
CLAIMS = claims.load_claims(FILE)
RAW = yaml.safe_load(FILE.read_text(encoding="utf-8"))
CONFIGS = [
    validation.load([ROOT / "config/config.yaml"]),
    validation.load([ROOT / "config/config.yaml", ROOT / "config/sequences.yaml"]),
    validation.load([ROOT / "benchmarks/bench.yaml"]),
]


@pytest.mark.parametrize("name", CLAIMS)
def test_a_claim_reads_existing_tables_and_selects_defined_estimators(name: str) -> None:
    claim = CLAIMS[name]
    assert set(claim.measured_quantity.tables) <= set(outputs.TABLES)
    defined = {estimator for config in CONFIGS for estimator in config["estimators"]}
    unknown = set(claim.where.get("estimator", ())) - defined
    assert not unknown, f"claim '{name}' selects {unknown}, which no configuration defines"


@pytest.mark.parametrize("name", CLAIMS)
def test_a_precise_value_decides_a_claim(name: str) -> None:
    claim = CLAIMS[name]
    quantity = QUANTITY_TABLES[claim.quantity]
    tables = quantity.make(1.7, 1e-3, 50)
    if not quantity.where:
        # The rows must have values that the claim selects.
        first_values = {column: values[0] for column, values in claim.where.items()}
        for table in tables.values():
            for column in first_values.keys() & set(table.columns):
                table[column] = first_values[column]
    selected = claim.model_copy(update={"where": quantity.where or claim.where})
    judged = claims_table.make(tables, {name: selected}, 0.95, "test").claims
    assert judged["verdict"].iloc[0] in ("holds", "does not hold")


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
    "text for a number": ("criterion", {"above": "1e-6"}, "write 1.0e-6"),
    "an unknown quantity": (
        "quantity",
        "stepps_over_backprop",
        "unknown quantity 'stepps_over_backprop': did you mean",
    ),
    "an unknown column": (
        "where",
        {"estimater": ["backprop"]},
        "cannot be selected by this column: did you mean 'estimator'?",
    ),
    "no values of a column": ("where", {"estimator": []}, "where.estimator"),
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


def test_an_unknown_top_level_key_is_rejected(tmp_path: Path) -> None:
    path = tmp_path / "claims.yaml"
    path.write_text(yaml.safe_dump(RAW | {"claim": {}}))
    with pytest.raises(UserError, match="claim: unknown key: did you mean 'claims'"):
        claims.load_claims(path)
