"""The claims: every one can be judged, and a mistake in their file is one sentence."""

import copy
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from dirgrad.analysis import claims
from dirgrad.analysis.claims_table import COLUMNS, make, read
from dirgrad.cli import main
from dirgrad.config import outputs, validation
from dirgrad.core.errors import UserError
from dirgrad.report.readme_tables import markdown, page
from support.judged import MADE
from support.paths import ROOT

FILE = ROOT / "config" / "claims.yaml"
CLAIMS = claims.load(FILE)
RAW = yaml.safe_load(FILE.read_text(encoding="utf-8"))
TIERS = [
    validation.load([ROOT / "config/config.yaml", *more])
    for more in ([], [ROOT / "config/sequences.yaml"])
]
BENCH = validation.load([ROOT / "benchmarks/bench.yaml"])


@pytest.mark.parametrize("name", CLAIMS)
def test_a_claim_rests_on_tables_and_chooses_among_what_there_is(name: str) -> None:
    claim = CLAIMS[name]
    assert set(claim.measured_quantity.tables) <= set(outputs.TABLES)
    estimators = {one for raw in (*TIERS, BENCH) for one in raw["estimators"]}
    for column in {"estimator"} & set(claim.where):
        unknown = set(claim.where[column]) - estimators
        assert not unknown, f"{name} is about {unknown}, which no configuration defines"


@pytest.mark.parametrize("name", CLAIMS)
def test_a_claim_is_judged_from_tables_made_by_hand(name: str) -> None:
    """At 1.7 with a narrow interval something is decided, whatever the claim chooses."""
    claim = CLAIMS[name]
    tables = MADE[claim.quantity].tables(1.7, 1e-3, 50)
    for table in tables:
        for column, values in claim.where.items():
            if column in tables[table] and not MADE[claim.quantity].chosen:
                tables[table] = tables[table].assign(**{column: values[0]})
    chosen = MADE[claim.quantity].chosen or claim.where
    made = make(tables, {name: claim.model_copy(update={"where": chosen})}, 0.95, "test").claims
    assert made["verdict"].iloc[0] in ("holds", "does not hold")


MISTAKES: dict[str, tuple[tuple[Any, ...], Any, str]] = {
    "an unknown key": (("sorce",), "x", "unknown key: did you mean 'source'?"),
    "an unknown kind of criterion": (
        ("criterion",),
        {"abov": 1.0},
        "criterion.abov: unknown key: did you mean 'above'?",
    ),
    "no criterion": (
        ("criterion",),
        {},
        "give exactly one of above, below, between and outside, got none",
    ),
    "two criteria": (("criterion",), {"above": 1.0, "below": 2.0}, "got above, below"),
    "an empty range": (("criterion",), {"between": [2.0, 1.0]}, "2 is not below 1"),
    "text for a number": (("criterion",), {"above": "1e-6"}, "write 1.0e-6"),
    "an unknown quantity": (
        ("quantity",),
        "stepps_over_backprop",
        "unknown quantity 'stepps_over_backprop': did you mean",
    ),
    "a column it has not": (
        ("where",),
        {"estimater": ["backprop"]},
        "cannot be chosen by it: did you mean 'estimator'?",
    ),
    "no value": (("where",), {"estimator": []}, "where.estimator"),
    "a ratio of nothing": (
        ("criterion",),
        {"above": 0.0},
        "0 is no value of 'steps_over_backprop', which is a ratio",
    ),
    "no statement": (("statement",), "", "statement"),
    "a missing key": (("source",), None, "source"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_one_sentence_with_its_file_and_key(name: str, tmp_path: Path) -> None:
    (key,), value, said = MISTAKES[name]
    raw = copy.deepcopy(RAW)
    raw["claims"]["more_steps_than_backprop"][key] = value
    path = tmp_path / "claims.yaml"
    path.write_text(yaml.safe_dump(raw))
    with pytest.raises(UserError) as error:
        claims.load(path)
    (line,) = str(error.value).splitlines()
    assert line.startswith(f"{path}: claims.more_steps_than_backprop.")
    assert said in line


def test_an_unknown_key_at_the_top_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "claims.yaml"
    path.write_text(yaml.safe_dump(RAW | {"claim": {}}))
    with pytest.raises(UserError, match="claim: unknown key: did you mean 'claims'"):
        claims.load(path)


def judged(tmp_path: Path, **tables: pd.DataFrame) -> pd.DataFrame:
    for name, table in tables.items():
        table.to_csv(tmp_path / f"{name}.csv", index=False)
    return make(read(tmp_path), CLAIMS, 0.95, "test").claims


def test_a_claim_without_its_rows_was_not_run(tmp_path: Path) -> None:
    made = judged(tmp_path, targets=MADE["steps_over_backprop"].tables(2.0, 0.01, 10)["targets"])
    assert list(made.columns[: len(COLUMNS)]) == COLUMNS
    verdicts = dict(zip(made["id"], made["verdict"], strict=True))
    assert verdicts.pop("more_steps_than_backprop") == "holds"
    assert set(verdicts.values()) == {"not run in this tier"}


def test_the_command_writes_a_row_per_claim_and_one_per_place(tmp_path: Path) -> None:
    MADE["steps_over_backprop"].tables(2.0, 0.01, 10)["targets"].to_csv(
        tmp_path / "targets.csv", index=False
    )
    given = ["--config", str(ROOT / "config/config.yaml"), "--claims", str(FILE)]
    main.main(["claims", str(tmp_path), *given, "--out", str(tmp_path / "made")])
    made = pd.read_csv(tmp_path / "made" / "claims.csv")
    assert list(made["id"]) == list(CLAIMS)
    assert set(made["tier"]) == {"default"}
    places = pd.read_csv(tmp_path / "made" / "evidence.csv")
    assert list(places["id"]) == ["more_steps_than_backprop"]
    assert "| **holds** |" in page([tmp_path / "made" / "claims.csv"])


def test_a_directory_without_tables_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [
        "--config",
        str(ROOT / "config/config.yaml"),
        "--claims",
        str(FILE),
        "--out",
        str(tmp_path),
    ]
    with pytest.raises(SystemExit) as error:
        main.main(["claims", str(tmp_path), *given])
    assert error.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "no tables here" in line


def test_the_headline_shows_a_claim_from_every_tier_that_ran_it(tmp_path: Path) -> None:
    ran = judged(tmp_path, targets=MADE["steps_over_backprop"].tables(2.0, 0.01, 10)["targets"])
    other = make(MADE["projection"].tables(1.0, 0.001, 100), CLAIMS, 0.95, "other").claims
    lines = markdown("claims", pd.concat([ran, other], ignore_index=True)).splitlines()
    assert len(lines) == 2 + len(CLAIMS)
    (unbiased,) = [line for line in lines if CLAIMS["exact_is_unbiased"].statement in line]
    assert "| other | 1 [0.999, 1] | 100 | **holds** |" in unbiased
    (steps,) = [line for line in lines if CLAIMS["more_steps_than_backprop"].statement in line]
    assert "| test |" in steps
    assert sum("**not run**" in line for line in lines) == len(CLAIMS) - 2


def test_a_claim_run_in_two_tiers_has_two_rows_and_is_said_once(tmp_path: Path) -> None:
    table = MADE["steps_over_backprop"].tables(2.0, 0.01, 10)
    both = pd.concat(
        [make(table, CLAIMS, 0.95, tier).claims for tier in ("one", "two")], ignore_index=True
    )
    lines = markdown("claims", both).splitlines()
    assert len(lines) == 2 + len(CLAIMS) + 1
    assert sum(CLAIMS["more_steps_than_backprop"].statement in line for line in lines) == 1
