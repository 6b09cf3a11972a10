import json
import shlex
import sys
from pathlib import Path

# `workflow.basedir` is the folder of the entry, which may be either Snakefile; these paths hold for both.
WORKFLOW = Path(workflow.current_basedir.get_path_or_uri(secret_free=True)).parent
SOURCE = WORKFLOW.parent / "src"
CLAIMS = str(WORKFLOW.parent / "config" / "claims.yaml")
sys.path.insert(0, str(SOURCE))

from dirgrad import backends
from dirgrad.config import code_inputs, files, outputs, plan, validation
from dirgrad.core.errors import UserError

# What runs a job: the interpreter that runs Snakemake or, where conda is used, that of the rule's environment; the package
# itself is in no conda environment.
CONDA = "conda" in map(str, workflow.deployment_settings.deployment_method)
PYTHON_FIRST = (
    "" if CONDA else f"PATH={shlex.quote(str(Path(sys.executable).parent))}:$PATH "
)
shell.prefix(
    f"set -euo pipefail; export {PYTHON_FIRST}PYTHONPATH={shlex.quote(str(SOURCE))}; "
)


def stop(error):
    """End with one line per mistake, before anything runs and without a traceback."""
    for line in str(error).splitlines():
        print(f"dirgrad: {line}", file=sys.stderr)
    sys.exit(2)


def tier_file(tier):
    """The overlay of a tier, None for the default; ends where there is none of this name."""
    path = Path("config") / f"{tier}.yaml"
    if tier == "default":
        return None
    try:
        files.read(path)
    except UserError as error:
        stop(f"config/config.yaml: tier: there is no tier '{tier}': {error}")
    return str(path)


def checked(raw, paths):
    """What the command line laid over the files; ends where the configuration is wrong, or a backend is not installed."""
    try:
        layers = files.layers(raw, paths)
        validation.check(raw, layers)
        if not CONDA:
            for name in raw["backends"]:
                backends.require(name)
    except UserError as error:
        stop(error)
    return layers[files.COMMAND_LINE]


TIER_FILE = tier_file(config["tier"])


def cell(wildcards):
    return f"{wildcards.experiment}/{wildcards.backend}"


def cell_sources(wildcards):
    """The package's files that a cell depends on: Snakemake does not see what a job imports."""
    return code_inputs.for_cell(plan.cell(config, cell(wildcards)))


def receipt(problems):
    """What says that the data sets of these problems are there, of those that are not embedded."""
    return [
        f"{RESULTS}/data/{dataset}.json"
        for dataset in plan.datasets_to_download(problems)
    ]


def receipts(wildcards):
    return receipt([plan.problem(config, wildcards.experiment)])


def settings(wildcards):
    return json.dumps(plan.cell_settings(config, cell(wildcards)), sort_keys=True)


def measurement(instrument, wildcards):
    return f"{instrument}/{wildcards.name}/{wildcards.backend}"


def measurement_sources(instrument):
    return lambda wildcards: code_inputs.for_measurement(
        plan.measurement(config, measurement(instrument, wildcards))
    )


def measurement_receipts(instrument):
    return lambda wildcards: receipt(
        plan.measurement(
            config, measurement(instrument, wildcards)
        ).settings.problems.values()
    )


def measurement_settings(instrument):
    return lambda wildcards: json.dumps(
        plan.measurement_settings(config, measurement(instrument, wildcards)),
        sort_keys=True,
    )


def table_sources(wildcards):
    return [
        *code_inputs.closure(
            f"dirgrad.analysis.tables.{wildcards.table}", "dirgrad.records.origin"
        ),
        *PAGES,
    ]


PAGES = [
    *code_inputs.closure("dirgrad.report.pages.table"),
    *sorted(
        map(str, (SOURCE / "dirgrad" / "report" / "pages" / "templates").iterdir())
    ),
]
"""What makes pages of tables."""


def records_root(wildcards):
    return f"{RESULTS}/records"


def recorded(leaves):
    """Files of records, by their kind, as one list."""
    return [f"{RESULTS}/records/{path}" for paths in leaves.values() for path in paths]


def table_records(wildcards):
    return recorded(
        {
            kind: paths
            for kind, paths in RECORDS.items()
            if kind in outputs.TABLES[wildcards.table]
        }
    )


def tables(*names):
    return [f"{RESULTS}/tables/{name}.csv" for name in names]


def tabled(name, kind):
    """The files of a table: the CSV file and, of one that is read, a page and LaTeX."""

    def marked(suffix, **labels):
        return report(
            f"{RESULTS}/tables/{name}.{suffix}",
            caption="../report/table.rst",
            category=outputs.CATEGORIES["tables"],
            subcategory="points of figures" if kind == "series" else "tables",
            labels={"table": name, **labels},
        )

    if kind == "series":
        return [marked("csv")]
    # The report shows first what sorts first.
    page, file = marked("html", format="HTML"), marked("csv", format="a file, CSV")
    return [file, page, f"{RESULTS}/tables/{name}.tex"]


def landscape(drawing):
    """A record that some figures are drawn from as it is."""
    return (
        [f"{RESULTS}/records/landscape.parquet"]
        if "landscape" in drawing.tables
        else []
    )


def figure_tables(drawing):
    return (
        []
        if drawing.own_records_only
        else tables(*(name for name in drawing.tables if name in outputs.TABLES))
    )


def figure_records(drawing):
    """The records that a figure makes its tables from, if it needs those of its subjects alone."""
    if not drawing.own_records_only:
        return landscape(drawing)
    return [
        f"{RESULTS}/records/{path}" for path in outputs.figure_records(config, drawing)
    ]


REFERENCES = [
    Path("figures/reference", tier) for tier in ("paper", "sequences", "default")
]
"""Figures of runs that are kept, the first that has a figure; none where the workflow runs in another directory."""


def reference(name):
    """The kept figure of this name, and its tier."""
    found = (root for root in REFERENCES if (root / f"{name}.png").is_file())
    return next(((f"{root}/{name}.png", root.name) for root in found), None)


def marked(path, name, subcategory, **labels):
    """A file of a figure, as the report shows it. Of labels with two values, each of half the files of a subcategory, the report
    makes a switch, with what sorts first shown first; so each switch has a subcategory of its own.
    """
    return report(
        path,
        caption=f"../report/figure_{DRAWINGS[name].module}.rst",
        category=outputs.category(name),
        subcategory=subcategory,
        labels={"figure": name.replace("_", " "), **labels},
    )


def drawn(name):
    """The files of a figure."""
    stem = f"{FIGURE_ROOT}/{name}"
    tier = {"tier": f"This run: {config['tier']}"} if reference(name) else {}
    alone = [
        marked(f"{stem}.{one}.svg", name, "one framework", framework=LABELS[one])
        for one in outputs.frameworks(config, DRAWINGS[name])
    ]
    whole = marked(
        f"{stem}.svg", name, "beside a reference" if tier else "this run", **tier
    )
    return [whole, *alone, f"{stem}.png", f"{stem}.pdf"]


LABELS = {"jax": "JAX", "torch": "PyTorch"}


def kept():
    """The kept figures beside those of this run."""
    found = {name: reference(name) for name in DRAWINGS}
    return [
        marked(one[0], name, "beside a reference", tier=f"reference: {one[1]}")
        for name, one in found.items()
        if one
    ]
