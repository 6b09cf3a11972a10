"""What records become: every table and figure has its maker, its records and its sources."""

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from dirgrad.config import code_inputs, files, outputs, plan, validation
from dirgrad.records import schemas
from support.paths import ROOT

TIERS: dict[str, Any] = {"default": validation.load([ROOT / "config/config.yaml"])}
TIERS |= {
    name: validation.load([ROOT / "config/config.yaml", ROOT / f"config/{name}.yaml"])
    for name in ("smoke", "paper")
}


@pytest.mark.parametrize("name", outputs.TABLES)
def test_a_table_is_made_by_the_file_of_its_name(name: str) -> None:
    assert import_module(f"dirgrad.analysis.tables.{name}").make


def test_verdicts_are_made_from_the_tables_and_are_none_of_them() -> None:
    assert not set(outputs.VERDICTS) & set(outputs.TABLES)
    made = import_module("dirgrad.analysis.claims_table").JudgedClaims._fields
    assert set(made) == set(outputs.VERDICTS)


@pytest.mark.parametrize("tier", TIERS)
def test_every_figure_of_the_paper_is_in_every_tier(tier: str) -> None:
    drawings = outputs.figure_specs(TIERS[tier])
    # The memory of figure 6 takes a process per value, too slow for smoke.
    assert {f"baydin_fig{i}" for i in range(1, 6 if tier == "smoke" else 7)} <= set(drawings)
    for drawing in drawings.values():
        assert import_module(f"dirgrad.report.figures.{drawing.module}").draw
        assert (ROOT / "workflow" / "report" / f"figure_{drawing.module}.rst").is_file()
        assert set(drawing.tables) <= {*outputs.TABLES, "landscape"}


def test_a_figure_whose_subject_is_left_out_is_left_out() -> None:
    raw = files.overlay(
        TIERS["default"], {"experiments": {"mlp": None}, "quality": {"beale": None}}
    )
    drawings = outputs.figure_specs(raw)
    assert "baydin_fig3" in drawings
    assert not {"baydin_fig1", "baydin_fig4", "loss_mlp"} & set(drawings)


def test_a_figure_of_the_paper_needs_the_records_of_its_subjects_alone() -> None:
    raw = TIERS["default"]
    drawing = outputs.figure_specs(raw)["baydin_fig3"]
    assert plan.record_paths(raw, drawing.subjects)["curves"] == tuple(
        f"logistic_regression/{b}/curves.parquet" for b in ("jax", "torch")
    )
    assert plan.record_paths(raw, drawing.subjects)["cost"] == ()
    measured = plan.record_paths(raw, ("memory/depth",))
    assert [kind for kind, paths in measured.items() if paths] == ["memory", "resident"]


def test_every_kind_of_record_has_a_schema() -> None:
    kinds = {kind for kinds in outputs.TABLES.values() for kind in kinds}
    kinds |= {kind for kinds in plan.INSTRUMENTS.values() for kind in kinds}
    assert kinds <= set(schemas.SCHEMAS)


def test_an_experiment_may_be_of_one_framework() -> None:
    assert [cell for cell in plan.cells(TIERS["paper"]) if cell.startswith("tutorial/")] == [
        "tutorial/jax"
    ]


def test_figures_of_a_kind_are_drawn_by_one_job_and_those_of_papers_each_by_its_own() -> None:
    sheets = outputs.drawing_jobs(outputs.figure_specs(TIERS["default"]))
    assert sheets["baydin_fig4"] == ["baydin_fig4"]
    assert set(sheets["loss"]) == {f"loss_{name}" for name in plan.experiments(TIERS["default"])}


def test_a_figure_depends_on_what_draws_it_and_on_the_tables_it_makes() -> None:
    drawings = outputs.figure_specs(TIERS["default"])
    narrow, wide = (
        {
            str(Path(path).relative_to(code_inputs.ROOT))
            for path in code_inputs.for_figure(drawings[name])
        }
        for name in ("baydin_fig3", "loss_mlp")
    )
    assert {
        "report/figures/equal_rate.py",
        "analysis/tables/curves.py",
        "analysis/tables/baydin.py",
        "analysis/intervals.py",
    } <= narrow
    assert "report/figures/loss.py" in wide
    assert not any(path.startswith("analysis/tables/") for path in wide)


@pytest.mark.parametrize("path", [one for one, _ in plan.all_measurements(TIERS["default"])])
def test_a_measurement_depends_on_its_instrument_its_problems_and_its_framework(path: str) -> None:
    made = plan.measurement(TIERS["default"], path)
    found = {
        str(Path(one).relative_to(code_inputs.ROOT)) for one in code_inputs.for_measurement(made)
    }
    assert f"runs/instruments/{made.instrument}.py" in found
    assert f"backends/{made.backend}/ops.py" in found
    assert not any(one.startswith(("report/", "analysis/")) for one in found)


@pytest.mark.parametrize("tier", TIERS)
def test_every_figure_has_its_place_in_the_report(tier: str) -> None:
    for name in outputs.figure_specs(TIERS[tier]):
        assert outputs.category(name) in outputs.CATEGORIES.values()


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("baydin_fig3", "1. Baydin et al. 2022"),
        ("silver_lengths", "2. Silver et al. 2022"),
        ("frye_noise", "3. Frye 2022 and other critics"),
        ("sensitivity_tutorial", "3. Frye 2022 and other critics"),
        ("fair", "3. Frye 2022 and other critics"),
        ("cost", "5. Instruments"),
        ("loss_mlp", "6. Experiments"),
        ("overview", "6. Experiments"),
    ],
)
def test_a_figure_is_kept_by_its_paper(name: str, place: str) -> None:
    assert outputs.category(name) == place


def test_the_records_of_a_figure_are_those_of_its_subjects() -> None:
    drawings = outputs.figure_specs(TIERS["default"])
    found = outputs.figure_records(TIERS["default"], drawings["trajectories_beale"])
    ends = [
        f"beale/{backend}/{kind}.parquet"
        for kind in ("trials", "curves")
        for backend in ("jax", "torch")
    ]
    assert sorted(found) == sorted(["landscape.parquet", *ends])


def test_a_figure_is_drawn_alone_of_the_frameworks_that_it_shows_side_by_side() -> None:
    raw = files.overlay(TIERS["default"], {"experiments": {"mlp": {"backends": ["torch"]}}})
    drawings = outputs.figure_specs(raw)
    assert outputs.frameworks(raw, drawings["loss_mlp"]) == ()
    assert outputs.frameworks(raw, drawings["loss_beale"]) == ("jax", "torch")
    assert outputs.frameworks(raw, drawings["overview"]) == ("jax", "torch")


@pytest.mark.parametrize("name", outputs.TABLES)
def test_a_table_has_its_caption(name: str) -> None:
    assert f'"{name}": "' in (ROOT / "workflow/report/table.rst").read_text(encoding="utf-8")


def test_a_table_is_read_or_a_series() -> None:
    kinds = outputs.tables_by_format()
    assert sorted(name for names in kinds.values() for name in names) == sorted(outputs.TABLES)
