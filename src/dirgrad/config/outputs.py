"""What records become: every table, and the figures of a configuration."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from dirgrad.config.plan import (
    all_measurements,
    experiments,
    record_paths,
    two_parameter_experiments,
)

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
"""Every table, and the kinds of records that it is made from."""

VERDICTS = ("claims", "evidence")
"""The tables that are made from those: a row per claim, and one per place at which it was measured."""


def tables(raw: Mapping[str, Any]) -> tuple[str, ...]:
    """The tables of a configuration: those that it has records for."""
    found = record_paths(raw)
    return tuple(name for name, kinds in TABLES.items() if found[kinds[0]])


class FigureSpec(NamedTuple):
    """A figure. module: what draws it. tables: what it is drawn from; `landscape` is a record itself. subjects: what it shows of
    them, experiments or measurements as `instrument/name`. narrow: whether it needs the records of its subjects alone."""

    module: str
    tables: tuple[str, ...]
    subjects: tuple[str, ...] = ()
    own_records_only: bool = False


def figure_specs(raw: Mapping[str, Any]) -> dict[str, FigureSpec]:
    """The figures of a configuration, by the names of their files: those whose subjects it has."""
    names = experiments(raw)
    tuned = [name for name in names if raw["experiments"][name].get("tuning")]
    made = {"overview": FigureSpec("overview", ("final",))}
    made |= {f"loss_{name}": FigureSpec("loss", ("final", "curves"), (name,)) for name in names}
    made |= {
        f"trajectories_{name}": FigureSpec(
            "trajectories", ("final", "trajectories", "landscape"), (name,)
        )
        for name in two_parameter_experiments(raw)
    }
    made |= {
        f"sensitivity_{name}": FigureSpec("sensitivity", ("final",), (name,)) for name in tuned
    }
    if tuned:
        made["fair"] = FigureSpec("own_best_rate", ("targets", "equal_loss"))
    known = {*names, *(one.rpartition("/")[0] for one, _ in all_measurements(raw))}
    return made | {
        name: drawing
        for name, drawing in (INSTRUMENT_FIGURES | PAPER_FIGURES).items()
        if known.issuperset(drawing.subjects)
    }


INSTRUMENT_FIGURES = {
    "cost": FigureSpec(
        "cost_ratios", ("cost",), ("cost/baydin", "cost/large"), own_records_only=True
    ),
    "bench": FigureSpec(
        "bench",
        ("bench",),
        ("cost/steps", "cost/steps_deep", "cost/steps_large"),
        own_records_only=True,
    ),
    "cost_depth": FigureSpec("cost_by_depth", ("cost",), ("cost/depth",), own_records_only=True),
    "memory_depth": FigureSpec(
        "memory_by_depth", ("memory",), ("memory/depth",), own_records_only=True
    ),
    "memory_timeline": FigureSpec(
        "memory_timeline", ("timeline",), ("memory/timeline",), own_records_only=True
    ),
    "quality_signal": FigureSpec(
        "snr_growth",
        ("quality",),
        ("quality/dimension", "quality/directions"),
        own_records_only=True,
    ),
    "quality_laws": FigureSpec(
        "snr_by_direction", ("quality",), ("quality/laws",), own_records_only=True
    ),
    "quality_training": FigureSpec(
        "sources_of_noise", ("quality",), ("quality/training",), own_records_only=True
    ),
    "quality_steps": FigureSpec(
        "differences",
        ("quality",),
        ("quality/steps", "quality/steps_float64"),
        own_records_only=True,
    ),
}
"""The figures of instruments, which belong to no paper."""

PAPER_FIGURES = {
    "baydin_fig1": FigureSpec(
        "sampled_gradients", ("estimates", "coordinates"), ("quality/beale",), own_records_only=True
    ),
    "baydin_fig2": FigureSpec(
        "descents",
        ("curves", "trajectories", "landscape"),
        ("beale", "rosenbrock"),
        own_records_only=True,
    ),
    "baydin_fig3": FigureSpec(
        "equal_rate", ("curves", "baydin"), ("logistic_regression",), own_records_only=True
    ),
    "baydin_fig4": FigureSpec("equal_rate", ("curves", "baydin"), ("mlp",), own_records_only=True),
    "baydin_fig5": FigureSpec("equal_rate", ("curves", "baydin"), ("cnn",), own_records_only=True),
    "baydin_fig6": FigureSpec(
        "time_and_memory_by_depth",
        ("cost", "memory"),
        ("cost/depth", "memory/depth"),
        own_records_only=True,
    ),
    "frye_noise": FigureSpec(
        "moments", ("quality", "coordinates"), ("quality/growth",), own_records_only=True
    ),
    "frye_rate": FigureSpec(
        "largest_rate", ("stability",), ("stability/growth",), own_records_only=True
    ),
    "silver_learning": FigureSpec(
        "learning", ("curves",), ("digits_rows", "copy", "image_regression"), own_records_only=True
    ),
    "silver_influence": FigureSpec(
        "influence_balancing", ("curves",), ("influence_balancing",), own_records_only=True
    ),
    "silver_candidates": FigureSpec(
        "candidates", ("quality",), ("quality/candidates",), own_records_only=True
    ),
    "silver_lengths": FigureSpec(
        "cost_by_length", ("cost",), ("cost/lengths", "cost/lengths_torch"), own_records_only=True
    ),
    "szoht_queries": FigureSpec(
        "evaluations_to_target",
        ("final", "targets", "scaling"),
        tuple(
            f"szoht_{rule}{dimension}"
            for rule in ("", "plain_")
            for dimension in (50, 160, 500, 1600)
        ),
        own_records_only=True,
    ),
}
"""The figures of papers: baydin, Baydin et al. 2022 by their number there; frye, what Frye 2022 predicts; silver, the questions of
Silver et al. 2022, whose figures are not known to us; szoht, that of de Vazelhes et al. 2022."""


CSV_ONLY = ("curves", "trajectories", "timeline", "estimates", "coordinates")
"""The tables whose rows are points of figures, thousands of them: CSV alone. All others are HTML and LaTeX too."""


def tables_by_format() -> dict[str, tuple[str, ...]]:
    """The tables that are read, and those that are series."""
    return {"table": tuple(name for name in TABLES if name not in CSV_ONLY), "series": CSV_ONLY}


CATEGORIES = {
    "baydin": "1. Baydin et al. 2022",
    "silver": "2. Silver et al. 2022",
    "frye": "3. Frye 2022 and other critics",
    "szoht": "4. de Vazelhes et al. 2022 (ZO-HT)",
    "instruments": "5. Instruments",
    "experiments": "6. Experiments",
    "tables": "7. Tables",
}
"""Where the report keeps figures, by the first word of a paper's; numbered, since the report sorts by name."""
CRITICISM = ("fair", "sensitivity")
"""What draws the answer to the criticism that one rate for all is fair to none."""
FRONT_PAGE = ("baydin_fig3", "baydin_fig4", "fair", "cost", "frye_noise", "silver_learning")
"""The figures of the front page, of those that a configuration has."""


def category(name: str) -> str:
    """Where the report keeps a figure, by its name."""
    if name in INSTRUMENT_FIGURES:
        return CATEGORIES["instruments"]
    paper = "frye" if name.startswith(CRITICISM) else name.partition("_")[0]
    return CATEGORIES.get(paper, CATEGORIES["experiments"])


def front_page_figures(raw: Mapping[str, Any]) -> tuple[str, ...]:
    """The figures of the front page."""
    known = figure_specs(raw)
    return tuple(name for name in FRONT_PAGE if name in known)


def figure_records(raw: Mapping[str, Any], drawing: FigureSpec) -> tuple[str, ...]:
    """The files below the directory of records that a figure shows something of."""
    kinds = {kind: None for table in drawing.tables for kind in TABLES.get(table, ())}
    found = record_paths(raw, drawing.subjects or None)
    alone = ["landscape.parquet"] if "landscape" in drawing.tables else []
    return (*alone, *(path for kind in kinds for path in found[kind]))


def frameworks(raw: Mapping[str, Any], drawing: FigureSpec) -> tuple[str, ...]:
    """The frameworks that a figure shows side by side, of each of which it is drawn alone too; none where it shows but one."""
    found = {path.split("/")[-2]: None for path in figure_records(raw, drawing) if "/" in path}
    ordered = tuple(name for name in raw["backends"] if name in found)
    return ordered if len(ordered) > 1 else ()


def drawing_jobs(drawings: Mapping[str, FigureSpec]) -> dict[str, list[str]]:
    """The jobs that draw: figures by the name of their job."""
    found: dict[str, list[str]] = {}
    for name, drawing in drawings.items():
        found.setdefault(name if drawing.own_records_only else drawing.module, []).append(name)
    return found
