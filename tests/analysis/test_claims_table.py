"""The table `claims` has a verdict per claim, for one tier; the README shows all tiers."""

from pathlib import Path

import pandas as pd
import pytest

from dirgrad.analysis.claims_table import COLUMNS, make, read
from dirgrad.cli import main
from dirgrad.report.readme_tables import answers, answers_page, markdown, page
from support.hand_made_quantities import CLAIM_TABLES, CLAIMS, CLAIMS_FILE, ESTIMATORS
from support.paths import ROOT
from support.written_tables import write_complete

ARGUMENTS = ["--config", str(ROOT / "config/config.yaml"), "--claims", str(CLAIMS_FILE)]
STEPS = CLAIM_TABLES["more_steps_than_backprop"].make(2.0, 0.01, 10)
"""Tables in which a forward gradient needs twice as many steps as backprop."""


def write_steps(directory: Path) -> None:
    write_complete(STEPS["targets"], directory / "targets.csv")


def judge_steps(directory: Path) -> pd.DataFrame:
    """Judge all claims by `STEPS`, which pass through a file as in a run."""
    write_steps(directory)
    return make(read(directory), CLAIMS, ESTIMATORS, 0.95, "test").claims


def test_a_claim_without_evidence_was_not_run(tmp_path: Path) -> None:
    judged = judge_steps(tmp_path)
    assert list(judged.columns[: len(COLUMNS)]) == COLUMNS
    verdicts = dict(zip(judged["id"], judged["verdict"], strict=True))
    assert verdicts.pop("more_steps_than_backprop") == "holds"
    assert set(verdicts.values()) == {"not run in this tier"}
    row = judged.set_index("id").loc["more_steps_than_backprop"]
    assert (row["holds"], row["fails"], row["open"]) == (1, 0, 0)
    assert row["sentence"] == "Holds at 1 of 1 place, open at 0."
    assert row["evidence"] == "analogue"
    assert row["lowest"] == row["highest"] == pytest.approx(2.0)


def test_the_command_writes_a_row_per_claim_and_a_row_per_measured_value(tmp_path: Path) -> None:
    write_steps(tmp_path)
    output = tmp_path / "output"
    main.main(["claims", str(tmp_path), *ARGUMENTS, "--out", str(output)])
    judged = pd.read_csv(output / "claims.csv")
    assert list(judged["id"]) == list(CLAIMS)
    assert set(judged["tier"]) == {"default"}
    evidence = pd.read_csv(output / "evidence.csv")
    assert list(evidence["id"]) == ["more_steps_than_backprop"]
    assert "| Holds at 1 of 1 place, open at 0. |" in page([output / "claims.csv"])


def test_the_command_reports_a_directory_without_tables_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as error:
        main.main(["claims", str(tmp_path), *ARGUMENTS, "--out", str(tmp_path)])
    assert error.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "this directory has no tables" in line


def test_the_readme_shows_a_claim_from_every_tier_that_ran_it(tmp_path: Path) -> None:
    unbiased = CLAIM_TABLES["exact_is_unbiased"].make(1.0, 0.001, 100)
    tiers = [judge_steps(tmp_path), make(unbiased, CLAIMS, ESTIMATORS, 0.95, "other").claims]
    lines = markdown("claims", pd.concat(tiers, ignore_index=True)).splitlines()
    assert len(lines) == 2 + len(CLAIMS)

    unbiased_statement = CLAIMS["exact_is_unbiased"].statement
    (unbiased_line,) = [line for line in lines if unbiased_statement in line]
    assert "| other | 1 [1, 1] | 100 | Holds at" in unbiased_line

    steps_statement = CLAIMS["more_steps_than_backprop"].statement
    (steps_line,) = [line for line in lines if steps_statement in line]
    assert "| test |" in steps_line
    assert sum("| Not run. |" in line for line in lines) == len(CLAIMS) - 2


def test_the_readme_states_a_claim_of_two_tiers_once_and_shows_two_rows() -> None:
    tiers = [make(STEPS, CLAIMS, ESTIMATORS, 0.95, tier).claims for tier in ("first", "second")]
    lines = markdown("claims", pd.concat(tiers, ignore_index=True)).splitlines()
    assert len(lines) == 2 + len(CLAIMS) + 1
    statement = CLAIMS["more_steps_than_backprop"].statement
    assert sum(statement in line for line in lines) == 1


def test_a_question_is_answered_by_the_first_tier_that_measured_it(tmp_path: Path) -> None:
    unbiased = CLAIM_TABLES["exact_is_unbiased"].make(1.0, 0.001, 100)
    paths = [tmp_path / tier / "claims.csv" for tier in ("first", "second")]
    for path, tables in zip(paths, (STEPS, STEPS | unbiased), strict=True):
        path.parent.mkdir()
        judged = make(tables, CLAIMS, ESTIMATORS, 0.95, path.parent.name).claims
        judged.replace("", None).to_csv(path, index=False)

    rows = answers([pd.read_csv(path) for path in paths])
    questions = {name: claim.question for name, claim in CLAIMS.items() if claim.question}
    assert {row["id"]: row["question"] for row in rows} == questions
    tiers = {row["id"]: row["tier"] for row in rows}
    assert tiers["more_steps_than_backprop"] == "first"
    assert tiers["exact_is_unbiased"] == "second"

    lines = answers_page(paths).splitlines()
    assert len(lines) == 2 + len(questions)
    (line,) = [line for line in lines if questions["more_steps_than_backprop"] in line]
    assert "| 2 [" in line
    assert "| McGreivy 2022 | > 1 |" in line
    assert line.endswith("| 10 | first | holds | 1/0/0 |")


def test_the_command_prints_the_short_answer(capsys: pytest.CaptureFixture[str]) -> None:
    path = ROOT / "results/reference/default/tables/claims.csv"
    main.main(["answers", str(path)])
    assert capsys.readouterr().out == answers_page([path])
