"""REPRODUCIBILITY.md has the command, the time, the result and the difference of every claim."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dirgrad.cli import main
from dirgrad.core.errors import UserError
from dirgrad.report.pages.front import OTHER_SOURCES, paper
from dirgrad.report.review import job_times, reproducibility
from dirgrad.report.review.judgements import Judgements, Source, load
from dirgrad.report.review.reproducibility import Run, first_measured
from support.hand_made_quantities import CLAIMS
from support.hand_made_run import CONFIG, JOB, MANIFEST, VERDICTS, write_run
from support.paths import ROOT

PAGE = ROOT / "REPRODUCIBILITY.md"
SENTENCES = ROOT / "config" / "reproducibility.yaml"
JUDGEMENTS = Judgements(
    scope="Two claims.",
    methodology="By hand.",
    easy=["This."],
    hard=["That."],
    communication="None.",
    sources={"Baydin et al. 2022": Source(knowledge="The abstract.", differs="The machine.")},
)
RUN = Run(MANIFEST, CONFIG, VERDICTS)


def rows_of(page: str, first_cell: str) -> list[list[str]]:
    """Return the cells of the rows of tables that begin with a text."""
    rows = [line.strip("|").split("|") for line in page.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in row] for row in rows]
    return [row for row in cells if row[0].startswith(first_cell)]


def test_the_committed_page_is_the_output_of_its_command(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    head, _, _ = PAGE.read_text(encoding="utf-8").partition("\n")
    command = head.split("`")[1].split()
    main.main(command[1:])
    assert PAGE.read_text(encoding="utf-8") == capsys.readouterr().out


def test_every_claim_states_what_differs() -> None:
    sources = load(SENTENCES).sources
    unstated = [
        name
        for name, claim in CLAIMS.items()
        if not claim.differs and paper(claim.source) not in sources
    ]
    assert unstated == []
    assert set(sources) == {paper(claim.source) for claim in CLAIMS.values()}
    assert OTHER_SOURCES in sources


def test_a_claim_has_its_command_time_result_and_difference() -> None:
    page = reproducibility.page([RUN], JUDGEMENTS, {"cheaper": "Another network."})
    assert "```\nsnakemake results/small/tables/final.csv --config tier=small\n```" in page
    assert "Jobs: 1. Minutes: 1.5." in page
    (row,) = rows_of(page, "A step is")
    assert row[1:] == [
        "below 1",
        "1.23 [1.1, 1.4]; 2 places: 1.23 to 4",
        "5",
        "0/1/1",
        "does not hold",
        "Another network.",
    ]
    assert rows_of(page, "Baydin et al. 2022")[1] == [
        "Baydin et al. 2022",
        "The abstract.",
        "The machine.",
    ]
    # The other source has no entry, and its claim was not measured.
    assert rows_of(page, "closed forms")[0][1:] == ["not stated", "not stated"]
    assert page.endswith("### Not measured here\n\n- It needs more steps.\n")
    assert "Of 2 claims, 1 was measured (tier `small`): 1 does not hold." in page


def test_a_claim_without_a_difference_of_its_own_differs_as_its_source() -> None:
    page = reproducibility.page([RUN], JUDGEMENTS, {"cheaper": ""})
    (row,) = rows_of(page, "A step is")
    assert row[-1] == "as its source"


def test_the_first_table_that_measured_a_claim_gives_its_row() -> None:
    later = VERDICTS.assign(tier="later", holds=[9, 9], verdict="holds")
    shown = first_measured([VERDICTS, later]).set_index("id")
    assert list(shown["tier"]) == ["small", "later"]
    assert shown.loc["cheaper", "elsewhere"] == "later: holds"
    assert pd.isna(shown.loc["slower", "elsewhere"])


@pytest.mark.parametrize(
    ("entries", "text"),
    [
        ({"a": {"seconds": 90}, "b": {"seconds": 30}}, "2"),
        ({"a": {"seconds": 7000}}, "117"),
        ({"a": {"training_seconds": 90}}, "1.5 (training only for 1 of 1 jobs)"),
        (
            {"a": {"training_seconds": 90}, "b": {}},
            "1.5 (training only for 1, not recorded for 1 of 2 jobs)",
        ),
        ({"a": {}}, "not recorded"),
    ],
)
def test_minutes_say_what_was_not_recorded(entries: dict, text: str) -> None:
    assert job_times.minutes(job_times.recorded({"jobs": entries}, [*entries])) == text


def test_the_jobs_of_a_table_write_its_records() -> None:
    assert job_times.jobs_of_tables(CONFIG, ["final", "baydin"]) == (JOB,)
    assert job_times.jobs_of_tables(CONFIG, ["quality"]) == ()


def test_a_value_that_is_only_bounded_says_so() -> None:
    verdicts = VERDICTS.assign(at_least=[True, np.nan], open=[0, 0])
    page = reproducibility.page([RUN._replace(claims=verdicts)], JUDGEMENTS, {})
    (row,) = rows_of(page, "A step is")
    assert row[2] == "at least 1.23 [1.1, 1.4]"


@pytest.mark.parametrize("name", ["manifest.json", "tables/claims.csv"])
def test_a_missing_file_is_one_sentence_with_its_command(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_run(tmp_path)
    run = tmp_path / "results/small"
    (run / name).unlink()
    with pytest.raises(SystemExit):
        main.main(["reproducibility", str(run)])
    (line,) = capsys.readouterr().err.splitlines()
    assert line == f"dirgrad: {run / name}: no such file: make it with `snakemake {run / name}`"


def test_a_mistake_in_the_sentences_is_named(tmp_path: Path) -> None:
    path = tmp_path / "reproducibility.yaml"
    text = SENTENCES.read_text(encoding="utf-8")
    path.write_text(text.replace("scope:", "scop:").replace("    knowledge:", "    knowlegde:", 1))
    with pytest.raises(UserError) as error:
        load(path)
    message = str(error.value)
    assert f"{path}: scop: unknown key: did you mean 'scope'?" in message
    assert f"{path}: sources.Baydin et al. 2022.knowlegde: unknown key: did you mean" in message
