"""Tables and figures that are made from the records of a configuration."""

from collections.abc import Mapping
from typing import NamedTuple

from dirgrad.config.plan import jobs, record_paths, two_parameter_problems
from dirgrad.config.settings import Config

TABLES: dict[str, tuple[str, ...]] = {
    "final": ("trials",),
    "curves": ("trials", "curves"),
    "trajectories": ("curves",),
    "targets": ("trials", "curves"),
    "scaling": ("trials", "curves"),
    "equal_loss": ("trials", "curves"),
    "cost": ("cost",),
    "bench": ("cost",),
    "memory": ("memory",),
    "timeline": ("resident",),
    "estimates": ("draws",),
    "quality": ("draws",),
    "coordinates": ("draws", "coordinates"),
    "stability": ("stability",),
    "baydin": ("trials", "curves", "cost", "coordinates"),
}
"""All tables, with the kinds of records each is made from."""

VERDICTS = ("claims", "evidence")
"""Tables made from the other tables: a row per claim, and a row per claim and its facets."""


def tables(config: Config) -> tuple[str, ...]:
    """Return the names of the tables for which a configuration has records."""
    paths = record_paths(config)
    return tuple(name for name, kinds in TABLES.items() if paths[kinds[0]])


class FigureSpec(NamedTuple):
    """Description of a figure.

    Attributes:
        module: Module of `dirgrad.report.figures` that draws it.
        tables: Tables it is drawn from; `landscape` is a file of records.
        subjects: Jobs that it shows, as `kind/name`; empty for all.
        own_records_only: Whether it needs only the records of its subjects.
    """

    module: str
    tables: tuple[str, ...]
    subjects: tuple[str, ...] = ()
    own_records_only: bool = False


def figure_specs(config: Config) -> dict[str, FigureSpec]:
    """Return the figures of a configuration by file name.

    Figures with a subject that the configuration leaves out are left out too.
    """
    specs = {"overview": FigureSpec("overview", ("final",))}
    for name in config.experiments:
        specs[f"loss_{name}"] = FigureSpec("loss", ("final", "curves"), (f"training/{name}",))
    for name in two_parameter_problems(config):
        sources = ("final", "trajectories", "landscape")
        specs[f"trajectories_{name}"] = FigureSpec("trajectories", sources, (f"training/{name}",))
    tuned = [name for name, experiment in config.experiments.items() if experiment.tuning]
    for name in tuned:
        specs[f"sensitivity_{name}"] = FigureSpec("sensitivity", ("final",), (f"training/{name}",))
    if tuned:
        specs["fair"] = FigureSpec("own_best_rate", ("targets", "equal_loss"))
    subjects = {job.subject for job in jobs(config).values()}
    fixed = INSTRUMENT_FIGURES | PAPER_FIGURES
    shown = {name: spec for name, spec in fixed.items() if subjects.issuperset(spec.subjects)}
    return specs | shown


def _own_records(module: str, tables: tuple[str, ...], subjects: tuple[str, ...]) -> FigureSpec:
    return FigureSpec(module, tables, subjects, own_records_only=True)


INSTRUMENT_FIGURES = {
    "cost": _own_records("cost_ratios", ("cost",), ("cost/baydin", "cost/large")),
    "bench": _own_records(
        "bench", ("bench",), ("cost/steps", "cost/steps_deep", "cost/steps_large")
    ),
    "cost_depth": _own_records("cost_by_depth", ("cost",), ("cost/depth",)),
    "memory_depth": _own_records("memory_by_depth", ("memory",), ("memory/depth",)),
    "memory_timeline": _own_records("memory_timeline", ("timeline",), ("memory/timeline",)),
    "quality_signal": _own_records(
        "snr_growth", ("quality",), ("quality/dimension", "quality/directions")
    ),
    "quality_laws": _own_records("snr_by_direction", ("quality",), ("quality/laws",)),
    "quality_training": _own_records("sources_of_noise", ("quality",), ("quality/training",)),
    "quality_steps": _own_records(
        "differences", ("quality",), ("quality/steps", "quality/steps_float64")
    ),
}
"""Figures of measurements that reproduce no paper."""

SZOHT_EXPERIMENTS = tuple(
    f"training/szoht_{variant}{dimension}"
    for variant in ("", "plain_")
    for dimension in (50, 160, 500, 1600)
)

PAPER_FIGURES = {
    "baydin_fig1": _own_records(
        "sampled_gradients", ("estimates", "coordinates"), ("quality/beale",)
    ),
    "baydin_fig2": _own_records(
        "descents",
        ("curves", "trajectories", "landscape"),
        ("training/beale", "training/rosenbrock"),
    ),
    "baydin_fig3": _own_records(
        "equal_rate", ("curves", "baydin"), ("training/logistic_regression",)
    ),
    "baydin_fig4": _own_records("equal_rate", ("curves", "baydin"), ("training/mlp",)),
    "baydin_fig5": _own_records("equal_rate", ("curves", "baydin"), ("training/cnn",)),
    "baydin_fig6": _own_records(
        "time_and_memory_by_depth", ("cost", "memory"), ("cost/depth", "memory/depth")
    ),
    "frye_noise": _own_records("moments", ("quality", "coordinates"), ("quality/growth",)),
    "frye_rate": _own_records("largest_rate", ("stability",), ("stability/growth",)),
    "silver_learning": _own_records(
        "learning",
        ("curves",),
        ("training/digits_rows", "training/copy", "training/image_regression"),
    ),
    "silver_influence": _own_records(
        "influence_balancing", ("curves",), ("training/influence_balancing",)
    ),
    "silver_candidates": _own_records("candidates", ("quality",), ("quality/candidates",)),
    "silver_lengths": _own_records(
        "cost_by_length", ("cost",), ("cost/lengths", "cost/lengths_torch")
    ),
    "szoht_queries": _own_records(
        "evaluations_to_target", ("final", "targets", "scaling"), SZOHT_EXPERIMENTS
    ),
}
"""Figures that reproduce or test a paper.

- `baydin_figN`: figure N of Baydin et al. 2022.
- `frye_*`: predictions of Frye 2022.
- `silver_*`: questions of Silver et al. 2022, whose own figures were not available to us.
- `szoht_*`: the question of de Vazelhes et al. 2022.
"""


CSV_ONLY = ("curves", "trajectories", "timeline", "estimates", "coordinates")
"""Tables with thousands of rows, the points of figures; all others are also HTML and LaTeX."""


def tables_by_format() -> dict[str, tuple[str, ...]]:
    """Return the tables to read under `table`, and the tables for plots under `series`."""
    readable = tuple(name for name in TABLES if name not in CSV_ONLY)
    return {"table": readable, "series": CSV_ONLY}


CATEGORIES = {
    "baydin": "1. Baydin et al. 2022",
    "silver": "2. Silver et al. 2022",
    "frye": "3. Frye 2022 and other critics",
    "szoht": "4. de Vazelhes et al. 2022 (ZO-HT)",
    "instruments": "5. Instruments",
    "experiments": "6. Experiments",
    "tables": "7. Tables",
}
"""Categories of the report, by the first word of a figure's name; the report sorts by number."""
OWN_RATE_FIGURES = ("fair", "sensitivity")
"""Name prefixes of the figures that compare estimators at their own best learning rates."""
FRONT_PAGE = ("baydin_fig3", "baydin_fig4", "fair", "cost", "frye_noise", "silver_learning")
"""Figures of the front page, in order; those that a configuration lacks are left out."""


def category(name: str) -> str:
    """Return the report category of a figure."""
    if name in INSTRUMENT_FIGURES:
        return CATEGORIES["instruments"]
    paper = "frye" if name.startswith(OWN_RATE_FIGURES) else name.partition("_")[0]
    return CATEGORIES.get(paper, CATEGORIES["experiments"])


def front_page_figures(config: Config) -> tuple[str, ...]:
    """Return the names of the figures on the front page."""
    specs = figure_specs(config)
    return tuple(name for name in FRONT_PAGE if name in specs)


def figure_records(config: Config, spec: FigureSpec) -> tuple[str, ...]:
    """Return the record files whose content a figure shows, relative to the records directory."""
    paths = record_paths(config, spec.subjects or None)
    landscape = ["landscape.parquet"] if "landscape" in spec.tables else []
    kinds = dict.fromkeys(kind for table in spec.tables for kind in TABLES.get(table, ()))
    return (*landscape, *(path for kind in kinds for path in paths[kind]))


def frameworks(config: Config, spec: FigureSpec) -> tuple[str, ...]:
    """Return the frameworks of a figure that compares several; empty if it shows only one.

    Such a figure is also drawn for each framework separately.
    """
    shown = {path.split("/")[-2] for path in figure_records(config, spec) if "/" in path}
    ordered = tuple(name for name in config.backends if name in shown)
    return ordered if len(ordered) > 1 else ()


def drawing_jobs(specs: Mapping[str, FigureSpec]) -> dict[str, list[str]]:
    """Group figures into jobs: figure names by the name of their job.

    A figure that needs only the records of its subjects has its own job; all other figures of
    one module share a job.
    """
    jobs: dict[str, list[str]] = {}
    for name, spec in specs.items():
        job = name if spec.own_records_only else spec.module
        jobs.setdefault(job, []).append(name)
    return jobs
