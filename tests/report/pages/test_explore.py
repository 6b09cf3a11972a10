"""The interactive page holds the points of the tables, the runs behind them and the claims."""

import json
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from dirgrad.cli import main
from dirgrad.core.errors import UserError
from dirgrad.records import origin
from dirgrad.report.pages import explore, explore_chart, explore_data
from support import explored
from support.explored import HOSTILE
from support.pages import PageReader

Blocks = dict[str, dict[str, Any]]


def blocks(tables: explore_data.Tables, most_points: int = 200) -> Blocks:
    """Return the points by the name of their source."""
    return {block["source"]: block for block in explore_data.blocks(tables, most_points)}


def embedded_data(page: str) -> dict[str, Any]:
    """Return the data inside a page."""
    text = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page)[0]
    data: dict[str, Any] = json.loads(text)
    return data


# Points


def test_a_curve_has_the_steps_seconds_evaluations_losses_and_intervals_of_its_table() -> None:
    block = blocks(explored.tables())["curves"]
    assert block["names"]["job"] == ["training/mlp"]
    assert block["names"]["backend"] == ["jax", "torch"]
    assert block["x"]["step"][:3] == [0, 50, 100]
    assert block["x"]["train_seconds"][:3] == [0, 0.05, 0.1]
    # The second method evaluates the loss twice a step.
    assert block["x"]["evaluations"][:6] == [0, 50, 100, 0, 100, 200]
    assert block["y"]["loss"][0][:3] == [4, 2, 1]
    assert block["y"]["loss"][1][:3] == [3.6, 1.8, 0.9]
    assert block["n"] == [10] * 12
    assert block["best"] == [1] * 12


def test_bytes_belong_to_the_same_workload_and_only_measured_steps_count() -> None:
    tables = explored.tables()
    ends = blocks(tables)["ends"]
    by_row = zip(
        ends["codes"]["job"], ends["codes"]["backend"], ends["x"]["step_bytes"], strict=True
    )
    assert [value for job, backend, value in by_row if (job, backend) == (0, 0)] == [4096, 8192]
    assert sum(value is not None for value in ends["x"]["step_bytes"]) == 2
    other_size = tables | {"final": explored.final().assign(dimension=21)}
    assert "step_bytes" not in blocks(other_size)["ends"]["x"]
    assert len(blocks(tables)["cost"]["n"]) == 2


def test_only_rates_that_are_not_a_single_one_make_an_axis() -> None:
    final = explored.final()
    assert "rates" not in blocks({"final": final})
    rates = blocks({"final": pd.concat([final, final.assign(learning_rate=0.2, best_rate=False)])})
    assert set(rates["rates"]["x"]["learning_rate"]) == {0.1, 0.2}
    assert rates["ends"]["best"] == [1] * 8 + [0] * 8


def test_a_long_curve_keeps_its_first_and_last_point() -> None:
    curve = explored.curves().iloc[:1]
    long = pd.concat([curve.assign(step=step) for step in range(1001)], ignore_index=True)
    steps = blocks({"curves": long}, most_points=11)["curves"]["x"]["step"]
    assert steps == [*range(0, 1001, 100)]
    short = blocks({"curves": long.iloc[:7]}, most_points=11)["curves"]["x"]["step"]
    assert short == [*range(7)]


def test_an_infinite_number_is_unknown() -> None:
    rows = pd.DataFrame({"snr": [float("inf"), 1 / 3, None]})
    assert explore_data.numbers_of(rows, "snr") == [None, 0.333333, None]


# Chart


def test_every_pair_of_scales_has_a_valid_specification() -> None:
    # Altair checks a chart with the schema of Vega-Lite when it becomes a dictionary.
    charts = explore_chart.specifications()
    assert set(charts) == {
        f"{x} {y}" for x in explore_chart.X_SCALES for y in explore_chart.Y_SCALES
    }
    encoding = charts["nominal symlog"]["encoding"]
    assert (encoding["x"]["type"], encoding["y"]["scale"]["type"]) == ("nominal", "symlog")
    assert charts["log linear"]["encoding"]["x"]["scale"]["type"] == "log"


def test_forty_estimators_have_different_styles() -> None:
    scales = [explore_chart.COLORS, explore_chart.DASHES, explore_chart.SHAPES]
    styles = [[str(scale[i % len(scale)]) for scale in scales] for i in range(40)]
    assert len(set(map(tuple, styles))) == 40


# Page


def test_names_cannot_end_a_script_or_add_elements() -> None:
    tables = explored.tables()
    tables["claims"] = tables["claims"].assign(statement=HOSTILE, source=HOSTILE, verdict=HOSTILE)
    page = explore.page(explored.manifest(), tables, "")
    assert page.lower().count("</script") == 3
    assert "<img" not in page
    data = embedded_data(page)
    assert f"training/{HOSTILE}" in data["blocks"][1]["names"]["job"]
    assert HOSTILE in data["settings"]["training/mlp"]


def test_the_page_states_run_commit_settings_and_commands_of_a_job() -> None:
    data = embedded_data(explore.page(explored.manifest(), explored.tables(), ""))
    job = data["jobs"]["training/mlp/jax"]
    assert (job["run"], job["commit"], job["settings"]) == ("run of mlp jax", "abc123", "5e77")
    records = "results/small/records/training/mlp/jax/trials.parquet"
    assert job["workflow"] == f"snakemake {records} --config tier=small"
    assert job["command"].startswith("dirgrad run training/mlp/jax --config ")
    assert data["interval"] == "90 % bootstrap interval"
    assert "steps: 100\n" in data["settings"]["training/mlp"]
    assert data["estimators"]["backprop"] == "kind: backprop\n"


def test_a_claim_has_papers_frameworks_and_a_value_per_framework() -> None:
    measured, omitted = explore.claim_rows(explored.tables()) or []
    assert measured["papers"] == ["Baydin et al. 2022"]
    assert measured["frameworks"] == ["jax", "torch"]
    assert measured["measured"][""].value == "1.23 [1.1, 1.4]"
    assert measured["measured"]["torch"].value == "at least 4"
    assert measured["measured"]["torch"].sample == "n = 2"
    assert (omitted["frameworks"], omitted["measured"][""].value) == ([], "not measured")


@pytest.mark.parametrize(
    ("source", "papers"),
    [
        ("slides, p. 3; Frye 2022", ["slides", "Frye 2022"]),
        ("closed form; SnAp-1, Menick et al. 2021", ["Menick et al. 2021"]),
        ("Taylor's theorem", [explore.front.OTHER_SOURCES]),
    ],
)
def test_a_source_may_name_several_papers(source: str, papers: list[str]) -> None:
    assert explore.papers(source) == papers


def test_without_a_manifest_the_run_is_unknown() -> None:
    page = explore.page(None, explored.tables(), "")
    assert "Explore tier small" in page
    assert "Run unknown, commit unknown" in page
    assert embedded_data(page)["jobs"] == {}


def test_empty_tables_are_said_to_be_empty() -> None:
    empty = {name: table.iloc[:0] for name, table in explored.tables().items()}
    page = explore.page(explored.manifest(), empty, "")
    assert "This page has no measurements" in page
    assert "The table of claims is empty" in page
    assert "This run judged no claims" in explore.page(None, {}, "")
    only_ends = explore.page(None, {"final": explored.final()}, "")
    assert "This page has no curves" in only_ends


def test_a_page_that_is_too_large_has_shorter_curves(monkeypatch: pytest.MonkeyPatch) -> None:
    tables = explored.tables()
    monkeypatch.setattr(explore, "MOST_POINTS", 5)
    monkeypatch.setattr(explore, "MOST_BYTES", len(explore.page(None, tables, "").encode()) - 1)
    small = embedded_data(explore.page(None, tables, ""))
    assert small["blocks"][0]["x"]["step"][:2] == [0, 100]
    monkeypatch.setattr(explore, "MOST_BYTES", 1000)
    with pytest.raises(UserError, match="the page has more than 1000 bytes"):
        explore.page(None, tables, "")


def test_the_command_writes_equal_pages_with_an_origin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(explore, "libraries", lambda: "")
    manifest = tmp_path / "manifest.json"
    manifest.write_text(json.dumps(explored.manifest()))
    for name, table in explored.tables().items():
        table.to_csv(tmp_path / f"{name}.csv", index=False)
    pages = []
    for out in (tmp_path / "a.html", tmp_path / "b.html"):
        tables = [str(path) for path in sorted(tmp_path.glob("*.csv"))]
        arguments = ["--manifest", str(manifest), "--tables", *tables]
        main.main(["explore", *arguments, "--out", str(out)])
        pages.append(out.read_bytes())
    assert pages[0] == pages[1]
    assert origin.read(tmp_path / "a.html")["run_id"] == "feedfeedfeed"
    reader = PageReader(pages[0].decode())
    assert reader.requests == []
    assert any("It needs more steps." in row[0] for row in reader.rows)


def test_a_missing_package_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def absent(_: str) -> None:
        raise ModuleNotFoundError(name="altair")

    monkeypatch.setattr(explore, "import_module", absent)
    with pytest.raises(SystemExit):
        main.main(["explore", "--out", str(tmp_path / "page.html")])
    message = "needs the package altair: install dirgrad[workflow]"
    assert message in capsys.readouterr().err
