"""Every table and figure has a module that makes it, and its records and sources."""

from importlib import import_module

import pytest

from dirgrad.config import files, outputs, plan
from dirgrad.config.declarations import LANDSCAPE
from dirgrad.config.settings import JOB_KINDS
from dirgrad.records import schemas
from support.configuration import BASE, CONFIG, configured

TIERS = {
    "default": configured(BASE),
    "smoke": configured(BASE, files.read(CONFIG / "smoke.yaml")),
    "paper": configured(BASE, files.read(CONFIG / "paper.yaml")),
    "sequences": configured(BASE, files.read(CONFIG / "sequences.yaml")),
}


# Tables


@pytest.mark.parametrize("name", outputs.TABLES)
def test_every_table_has_a_module_with_its_name(name: str) -> None:
    assert import_module(f"dirgrad.analysis.tables.{name}").make


def test_the_claims_module_makes_the_verdict_tables_and_no_other_table() -> None:
    assert not set(outputs.VERDICTS) & set(outputs.TABLES)
    fields = import_module("dirgrad.analysis.claims_table").JudgedClaims._fields
    assert set(fields) == set(outputs.VERDICTS)


def test_every_kind_of_record_has_a_schema() -> None:
    kinds = {kind for table in outputs.TABLES.values() for kind in table.records}
    kinds |= {kind for kinds in JOB_KINDS.values() for kind in kinds.records}
    assert kinds <= set(schemas.SCHEMAS)


def test_every_table_has_exactly_one_format() -> None:
    formats = outputs.tables_by_format()
    names = [name for tables in formats.values() for name in tables]
    assert sorted(names) == sorted(outputs.TABLES)


# Figures


@pytest.mark.parametrize("tier", ["default", "smoke", "paper"])
def test_every_figure_of_the_paper_is_in_every_tier_of_the_paper(tier: str) -> None:
    specs = outputs.figure_specs(TIERS[tier])
    # Figure 6 measures memory in one process per value, which is too slow for the smoke tier. The
    # CNN of figure 5 needs hours per seed on a CPU.
    absent = {"smoke": {6}, "paper": {5}}.get(tier, set())
    expected = {f"baydin_fig{i}" for i in range(1, 7) if i not in absent}
    assert expected == {name for name in specs if name.startswith("baydin_fig")}
    for spec in specs.values():
        assert import_module(f"dirgrad.report.figures.{spec.module}").draw


def test_a_configuration_without_a_subject_has_no_figure_of_it() -> None:
    over = {"experiments": {"mlp": None}, "quality": {"beale": None}}
    specs = outputs.figure_specs(configured(BASE, over))
    assert "baydin_fig3" in specs
    assert not {"baydin_fig1", "baydin_fig4", "loss_mlp"} & set(specs)


def test_a_figure_of_the_paper_needs_only_the_records_of_its_subjects() -> None:
    config = TIERS["default"]
    spec = outputs.figure_specs(config)["baydin_fig3"]
    figure_paths = plan.record_paths(config, spec.subjects)
    assert figure_paths["curves"] == (
        "training/logistic_regression/jax/curves.parquet",
        "training/logistic_regression/torch/curves.parquet",
    )
    assert figure_paths["cost"] == ()
    memory_paths = plan.record_paths(config, ("memory/depth",))
    assert [kind for kind, paths in memory_paths.items() if paths] == ["memory", "resident"]


def test_record_files_of_some_subjects_are_in_the_order_of_the_configuration() -> None:
    config = TIERS["default"]
    subjects = ("cost/matrix", "training/rnn", "training/mlp", "training/absent")
    for record, paths in plan.record_paths(config, subjects).items():
        every = plan.record_paths(config)[record]
        assert paths == tuple(path for path in every if path.rsplit("/", 2)[0] in subjects)


def test_a_figure_shows_the_records_of_its_subjects() -> None:
    specs = outputs.figure_specs(TIERS["default"])
    paths = outputs.figure_records(TIERS["default"], specs["trajectories_beale"])
    expected = [
        "landscape.parquet",
        "training/beale/jax/trials.parquet",
        "training/beale/torch/trials.parquet",
        "training/beale/jax/curves.parquet",
        "training/beale/torch/curves.parquet",
    ]
    assert sorted(paths) == sorted(expected)


@pytest.mark.parametrize("backends", [("jax",), ("torch",), ("jax", "torch")], ids="+".join)
@pytest.mark.parametrize("tier", TIERS)
def test_every_planned_figure_has_records_for_each_of_its_tables(
    tier: str, backends: tuple[str, ...]
) -> None:
    config = TIERS[tier].model_copy(update={"backends": backends})
    specs = outputs.figure_specs(config)
    assert {name for name in specs if name.startswith("loss_")}
    existing = {path for paths in plan.record_paths(config).values() for path in paths}
    for spec in specs.values():
        for table in spec.tables:
            paths = set(outputs.table_records(config, spec, table))
            assert paths
            assert table == LANDSCAPE or paths <= existing
        assert outputs.frameworks(config, spec) in ((), backends)


def test_a_framework_without_an_experiment_has_no_figure_of_it() -> None:
    config = TIERS["default"].model_copy(update={"backends": ("torch",)})
    specs = outputs.figure_specs(config)
    in_torch = {job.name for job in plan.jobs(config).values() if job.kind == "training"}
    assert "influence_balancing" not in in_torch
    assert "silver_influence" not in specs
    assert {name for name in specs if name.startswith("loss_")} == {f"loss_{n}" for n in in_torch}


def test_without_a_tuned_experiment_there_is_no_figure_of_best_rates() -> None:
    tuned = [name for name, values in TIERS["default"].experiments.items() if values.tuning]
    config = configured(BASE, {"experiments": dict.fromkeys(tuned)})
    assert "fair" in outputs.figure_specs(TIERS["default"])
    assert "fair" not in outputs.figure_specs(config)


def test_figures_of_papers_have_their_own_job_and_other_figures_share_a_job_per_module() -> None:
    jobs = outputs.drawing_jobs(outputs.report_figures(TIERS["default"]))
    assert jobs["baydin_fig4"] == ["baydin_fig4"]
    assert {"loss_mlp", "loss_beale"} <= set(jobs["loss"])


def test_a_job_draws_a_bounded_number_of_figures() -> None:
    spec = outputs.report_figures(TIERS["default"])["loss_mlp"]
    names = [f"loss_{index}" for index in range(2 * outputs.MAX_FIGURES + 1)]
    jobs = outputs.drawing_jobs(dict.fromkeys(names, spec))
    assert list(jobs) == ["loss", "loss_2", "loss_3"]
    assert [name for job in jobs.values() for name in job] == names
    assert max(map(len, jobs.values())) == outputs.MAX_FIGURES


def test_the_points_of_a_sweep_have_figures_of_their_own_only_on_request() -> None:
    specs = outputs.figure_specs(TIERS["default"])
    sweep = specs["szoht_sweeps"].subjects
    points = {f"{module}_{name[9:]}" for module in ("loss", "sensitivity") for name in sweep}
    assert "loss_szoht_k_2" in points
    in_report = outputs.report_figures(TIERS["default"])
    assert points <= specs.keys()
    assert not points & in_report.keys()
    assert {"szoht_sweeps", "szoht_queries", "loss_szoht_few", "sensitivity_mlp_sgd"} <= {
        *in_report
    }


def test_without_the_figure_of_a_sweep_its_points_are_in_the_report() -> None:
    config = configured(BASE, {"experiments": {"szoht_k_1": None}})
    in_report = outputs.report_figures(config)
    assert "szoht_sweeps" not in in_report
    assert "loss_szoht_k_2" in in_report
    # The figure against the dimension remains.
    assert "loss_szoht_500" not in in_report


def test_a_figure_is_drawn_per_framework_only_if_it_compares_several() -> None:
    config = configured(BASE, {"experiments": {"mlp": {"backends": ["torch"]}}})
    specs = outputs.figure_specs(config)
    assert outputs.frameworks(config, specs["loss_mlp"]) == ()
    assert outputs.frameworks(config, specs["loss_beale"]) == ("jax", "torch")
    # It shows JAX, and the records of both frameworks exist.
    assert outputs.frameworks(config, specs["baydin_fig3"]) == ()


@pytest.mark.parametrize(
    ("name", "category"),
    [
        ("matrix", "0. Summary"),
        ("baydin_fig3", "1. Baydin et al. 2022"),
        ("silver_lengths", "2. Silver et al. 2022"),
        ("frye_noise", "3. Frye 2022 and other critics"),
        ("sensitivity_tutorial", "3. Frye 2022 and other critics"),
        ("fair", "3. Frye 2022 and other critics"),
        ("cost", "6. Instruments"),
        ("loss_mlp", "7. Experiments"),
        ("headline", "7. Experiments"),
    ],
)
def test_the_category_of_a_figure_is_its_paper_or_else_its_kind(name: str, category: str) -> None:
    specs = outputs.figure_specs(TIERS["default"]) | outputs.figure_specs(TIERS["sequences"])
    assert specs[name].category == category
