"""A committed reference fits the code: its columns, its verdicts and the origin of its figures."""

import json
from pathlib import Path

import pandas as pd
import pytest

from dirgrad.analysis.claims_table import COLUMNS, DETAIL_COLUMNS, EVIDENCE_COLUMNS
from dirgrad.analysis.table_columns import DECLARED
from dirgrad.records import origin
from support.hand_made_quantities import CLAIMS
from support.paths import ROOT

RESULTS = ROOT / "results" / "reference"
FIGURES = ROOT / "figures" / "reference"
TIERS = ("default", "sequences", "paper", "gpu")
JUDGED = ("default", "sequences")
EARLIER = {
    "paper": "run by an earlier version, which kept no raw values; its claims are not judged",
}
"""References that wait for a new run, with the reason."""
NOT_RUN: dict[str, set[str]] = {
    "default": {
        "checkpointing_holds_less_along_sequences",
        "checkpointing_takes_less_time_along_sequences",
        "memory_along_an_approximate_gradient_is_constant_in_length",
        "memory_is_constant_in_length",
    },
    "sequences": set(CLAIMS)
    - {
        "approximate_gradients_beat_random_directions",
        "checkpointing_holds_less_along_sequences",
        "checkpointing_takes_less_time_along_sequences",
        "descent_along_the_diagonal_gradient_beats_it",
        "descent_along_the_truncated_gradient_beats_it",
        "descent_repairs_the_sign",
        "memory_along_an_approximate_gradient_is_constant_in_length",
        "memory_is_constant_in_length",
    },
}
"""Claims that a tier cannot judge, because it lacks their experiments or the paper's sizes."""
FILE_COLUMNS = {
    **{name: set(roles.file_columns()) for name, roles in DECLARED.items()},
    "claims": {*COLUMNS, *DETAIL_COLUMNS},
    "evidence": set(EVIDENCE_COLUMNS),
}


def tiers(*names: str) -> list[object]:
    """Return tiers as parameters; a test of an earlier reference must fail until its new run."""
    return [
        pytest.param(
            name,
            marks=[pytest.mark.xfail(reason=EARLIER[name], strict=True)] if name in EARLIER else [],
        )
        for name in names
    ]


def csv_files(tier: str) -> list[Path]:
    """Return the tables of a reference that claims can read, and its verdicts."""
    files = (RESULTS / tier / "tables").glob("*.csv")
    return [file for file in files if file.stem in FILE_COLUMNS]


@pytest.mark.parametrize("tier", tiers(*TIERS))
def test_the_columns_are_those_that_the_tables_declare(tier: str) -> None:
    files = csv_files(tier)
    assert files
    for file in files:
        assert set(pd.read_csv(file).columns) == FILE_COLUMNS[file.stem], file


@pytest.mark.parametrize("tier", JUDGED)
def test_a_tier_judges_every_claim_that_it_runs(tier: str) -> None:
    claims = pd.read_csv(RESULTS / tier / "tables" / "claims.csv").set_index("id")
    assert set(claims.index) == set(CLAIMS)
    not_run = claims.index[claims["verdict"] == "not run in this tier"]
    assert set(not_run) == NOT_RUN[tier]


@pytest.mark.parametrize("tier", tiers(*TIERS))
def test_every_figure_states_its_origin_and_belongs_to_the_run(tier: str) -> None:
    figures = list((FIGURES / tier).glob("*.png"))
    assert figures
    run = RESULTS / tier / "manifest.json"
    commits = set(json.loads(run.read_text(encoding="utf-8"))["commit"])
    for figure in figures:
        assert set(origin.read(figure)["commit"].split(", ")) <= commits, figure
