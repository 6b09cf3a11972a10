"""The report shows each file of a figure or a table in one place, and only once."""

from pathlib import Path

import pytest

from dirgrad.config import files, outputs
from dirgrad.config.settings import Config
from dirgrad.report import layout
from support.configuration import BASE, CONFIG, configured

SMOKE = configured(BASE, files.read(CONFIG / "smoke.yaml"))


def figure_files(
    name: str, config: Config = SMOKE, has_reference: bool = False
) -> dict[str, layout.Place | None]:
    """Return the files of a figure in the folder F, with their places."""
    spec = outputs.figure_specs(config)[name]
    return dict(layout.figure_files(config, name, spec, "F", has_reference))


# Tables


def test_a_table_to_read_is_shown_as_a_page() -> None:
    places = dict(layout.table_files("final", "R", readable=True))
    assert list(places) == ["R/tables/final.csv", "R/tables/final.html", "R/tables/final.tex"]
    shown = {path: place for path, place in places.items() if place}
    place = layout.Place("8. Tables", "tables", {"table": "final"})
    assert shown == {"R/tables/final.html": place}


def test_the_points_of_figures_are_one_csv_file_outside_the_report() -> None:
    assert layout.table_files("curves", "R", readable=False) == [("R/tables/curves.csv", None)]


def test_the_interactive_page_has_a_list_of_its_own_in_the_summary() -> None:
    path, place = layout.explore_file("R")
    assert path == "R/explore.html"
    assert place == layout.Place("0. Summary", "interactive page", {"page": "explore"})


# Figures


def test_a_figure_is_shown_once_and_per_framework() -> None:
    places = figure_files("loss_beale")
    assert {path: place.subcategory for path, place in places.items() if place} == {
        "F/loss_beale.png": "this run",
        "F/loss_beale.jax.png": "one framework",
        "F/loss_beale.torch.png": "one framework",
    }
    assert [path for path, place in places.items() if place is None] == [
        "F/loss_beale.svg",
        "F/loss_beale.pdf",
    ]
    place = places["F/loss_beale.jax.png"]
    assert place is not None
    assert place.category == "7. Experiments"
    assert place.labels == {"figure": "loss beale", "framework": "JAX"}


def test_a_figure_of_one_framework_has_no_further_files() -> None:
    config = SMOKE.model_copy(update={"backends": ("torch",)})
    assert set(figure_files("loss_beale", config)) == {
        "F/loss_beale.svg",
        "F/loss_beale.png",
        "F/loss_beale.pdf",
    }


def test_a_figure_is_compared_with_the_committed_one_of_the_first_tier(tmp_path: Path) -> None:
    spec = outputs.figure_specs(SMOKE)["baydin_fig3"]
    assert layout.reference_figure("baydin_fig3", spec, tmp_path) == []
    for tier in ("default", "sequences"):
        (tmp_path / tier).mkdir()
        (tmp_path / tier / "baydin_fig3.png").touch()
    ((path, reference),) = layout.reference_figure("baydin_fig3", spec, tmp_path)
    own = figure_files("baydin_fig3", has_reference=True)["F/baydin_fig3.png"]
    assert path == str(tmp_path / "sequences/baydin_fig3.png")
    assert reference is not None
    assert own is not None
    assert reference[:2] == own[:2] == ("1. Baydin et al. 2022", "with reference")
    # The report starts with the first label in sort order, which is the figure of this run.
    assert own.labels["tier"] == "This run: smoke"
    assert sorted([reference.labels["tier"], own.labels["tier"]])[0] == own.labels["tier"]


@pytest.mark.parametrize("has_reference", [False, True])
def test_no_two_files_of_the_report_have_one_place(has_reference: bool) -> None:
    places = [
        str(place)
        for name, spec in outputs.figure_specs(SMOKE).items()
        for _, place in layout.figure_files(SMOKE, name, spec, "F", has_reference)
        if place
    ]
    assert len(places) == len(set(places))


def test_a_job_reads_the_tables_of_the_tier_or_the_records_of_its_own_subjects() -> None:
    specs = outputs.figure_specs(SMOKE)
    assert layout.figure_inputs(SMOKE, specs["trajectories_beale"], "R") == {
        "tables": ["R/tables/final.csv", "R/tables/trajectories.csv"],
        "records": ["R/records/landscape.parquet"],
    }
    assert layout.figure_inputs(SMOKE, specs["frye_rate"], "R") == {
        "tables": [],
        "records": [
            "R/records/stability/growth/jax/stability.parquet",
            "R/records/stability/growth/torch/stability.parquet",
        ],
    }
