"""What records become: every table, and the figures of a configuration."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from dirgrad.config.plan import all_measurements, experiments, leaves, pictured

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
    found = leaves(raw)
    return tuple(name for name, kinds in TABLES.items() if found[kinds[0]])


class Drawing(NamedTuple):
    """A figure. module: what draws it. tables: what it is drawn from; `landscape` is a record itself. subjects: what it shows of
    them, experiments or measurements as `instrument/name`. narrow: whether it needs the records of its subjects alone."""

    module: str
    tables: tuple[str, ...]
    subjects: tuple[str, ...] = ()
    narrow: bool = False


def drawings(raw: Mapping[str, Any]) -> dict[str, Drawing]:
    """The figures of a configuration, by the names of their files: those whose subjects it has."""
    names = experiments(raw)
    tuned = [name for name in names if raw["experiments"][name].get("tuning")]
    made = {"overview": Drawing("overview", ("final",))}
    made |= {f"loss_{name}": Drawing("loss", ("final", "curves"), (name,)) for name in names}
    made |= {
        f"trajectories_{name}": Drawing("trajectories", ("final", "trajectories", "landscape"), (name,)) for name in pictured(raw)
    }
    made |= {f"sensitivity_{name}": Drawing("sensitivity", ("final",), (name,)) for name in tuned}
    if tuned:
        made["fair"] = Drawing("fair", ("targets", "equal_loss"))
    known = {*names, *(one.rpartition("/")[0] for one, _ in all_measurements(raw))}
    return made | {name: drawing for name, drawing in (MEASURED | PAPERS).items() if known.issuperset(drawing.subjects)}


MEASURED = {
    "cost": Drawing("ratios", ("cost",), ("cost/baydin", "cost/large"), narrow=True),
    "bench": Drawing("bench", ("bench",), ("cost/steps", "cost/steps_deep", "cost/steps_large"), narrow=True),
    "cost_depth": Drawing("deep_cost", ("cost",), ("cost/depth",), narrow=True),
    "memory_depth": Drawing("deep_memory", ("memory",), ("memory/depth",), narrow=True),
    "memory_timeline": Drawing("resident", ("timeline",), ("memory/timeline",), narrow=True),
    "quality_signal": Drawing("signal", ("quality",), ("quality/dimension", "quality/directions"), narrow=True),
    "quality_laws": Drawing("laws", ("quality",), ("quality/laws",), narrow=True),
    "quality_training": Drawing("sources_of_noise", ("quality",), ("quality/training",), narrow=True),
    "quality_steps": Drawing("differences", ("quality",), ("quality/steps", "quality/steps_float64"), narrow=True),
}
"""The figures of instruments, which belong to no paper."""

PAPERS = {
    "baydin_fig1": Drawing("arrows", ("estimates", "coordinates"), ("quality/beale",), narrow=True),
    "baydin_fig2": Drawing("descents", ("curves", "trajectories", "landscape"), ("beale", "rosenbrock"), narrow=True),
    "baydin_fig3": Drawing("race", ("curves", "baydin"), ("logistic_regression",), narrow=True),
    "baydin_fig4": Drawing("race", ("curves", "baydin"), ("mlp",), narrow=True),
    "baydin_fig5": Drawing("race", ("curves", "baydin"), ("cnn",), narrow=True),
    "baydin_fig6": Drawing("depth", ("cost", "memory"), ("cost/depth", "memory/depth"), narrow=True),
    "frye_noise": Drawing("noise", ("quality", "coordinates"), ("quality/growth",), narrow=True),
    "frye_rate": Drawing("rates", ("stability",), ("stability/growth",), narrow=True),
    "silver_learning": Drawing("learning", ("curves",), ("digits_rows", "copy", "image_regression"), narrow=True),
    "silver_influence": Drawing("balance", ("curves",), ("influence_balancing",), narrow=True),
    "silver_candidates": Drawing("candidates", ("quality",), ("quality/candidates",), narrow=True),
    "silver_lengths": Drawing("lengths", ("cost",), ("cost/lengths", "cost/lengths_torch"), narrow=True),
    "szoht_queries": Drawing(
        "queries",
        ("final", "targets", "scaling"),
        tuple(f"szoht_{rule}{dimension}" for rule in ("", "plain_") for dimension in (50, 160, 500, 1600)),
        narrow=True,
    ),
}
"""The figures of papers: baydin, Baydin et al. 2022 by their number there; frye, what Frye 2022 predicts; silver, the questions of
Silver et al. 2022, whose figures are not known to us; szoht, that of de Vazelhes et al. 2022."""


SERIES = ("curves", "trajectories", "timeline", "estimates", "coordinates")
"""The tables whose rows are points of figures, thousands of them: CSV alone. All others are HTML and LaTeX too."""


def kinds_of_tables() -> dict[str, tuple[str, ...]]:
    """The tables that are read, and those that are series."""
    return {"table": tuple(name for name in TABLES if name not in SERIES), "series": SERIES}


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
HEADLINES = ("baydin_fig3", "baydin_fig4", "fair", "cost", "frye_noise", "silver_learning")
"""The figures of the front page, of those that a configuration has."""


def category(name: str) -> str:
    """Where the report keeps a figure, by its name."""
    if name in MEASURED:
        return CATEGORIES["instruments"]
    paper = "frye" if name.startswith(CRITICISM) else name.partition("_")[0]
    return CATEGORIES.get(paper, CATEGORIES["experiments"])


def headlines(raw: Mapping[str, Any]) -> tuple[str, ...]:
    """The figures of the front page."""
    known = drawings(raw)
    return tuple(name for name in HEADLINES if name in known)


def records(raw: Mapping[str, Any], drawing: Drawing) -> tuple[str, ...]:
    """The files below the directory of records that a figure shows something of."""
    kinds = {kind: None for table in drawing.tables for kind in TABLES.get(table, ())}
    found = leaves(raw, drawing.subjects or None)
    alone = ["landscape.parquet"] if "landscape" in drawing.tables else []
    return (*alone, *(path for kind in kinds for path in found[kind]))


def frameworks(raw: Mapping[str, Any], drawing: Drawing) -> tuple[str, ...]:
    """The frameworks that a figure shows side by side, of each of which it is drawn alone too; none where it shows but one."""
    found = {path.split("/")[-2]: None for path in records(raw, drawing) if "/" in path}
    ordered = tuple(name for name in raw["backends"] if name in found)
    return ordered if len(ordered) > 1 else ()


def sheets(drawings: Mapping[str, Drawing]) -> dict[str, list[str]]:
    """The jobs that draw: figures by the name of their job."""
    found: dict[str, list[str]] = {}
    for name, drawing in drawings.items():
        found.setdefault(name if drawing.narrow else drawing.module, []).append(name)
    return found
