import json
import shlex
import sys
from pathlib import Path

SOURCE = Path(workflow.basedir).parent / "src"
CLAIMS = str(Path(workflow.basedir).parent / "config" / "claims.yaml")
sys.path.insert(0, str(SOURCE))

from dirgrad import config as configuration
from dirgrad import backends, plan, products, sources
from dirgrad.errors import UserError

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
        configuration.read(path)
    except UserError as error:
        stop(f"config/config.yaml: tier: there is no tier '{tier}': {error}")
    return str(path)


def checked(raw, files):
    """What the command line laid over the files; ends where the configuration is wrong, or a backend is not installed."""
    try:
        layers = configuration.layers(raw, files)
        configuration.check(raw, layers)
        if not CONDA:
            for name in raw["backends"]:
                backends.require(name)
    except UserError as error:
        stop(error)
    return layers[configuration.COMMAND_LINE]


TIER_FILE = tier_file(config["tier"])


def cell(wildcards):
    return f"{wildcards.experiment}/{wildcards.backend}"


def cell_sources(wildcards):
    """The package's files that a cell depends on: Snakemake does not see what a job imports."""
    return sources.of_cell(plan.cell(config, cell(wildcards)))


def receipt(problems):
    """What says that the data sets of these problems are there, of those that are not embedded."""
    return [f"{RESULTS}/data/{dataset}.json" for dataset in plan.downloads(problems)]


def receipts(wildcards):
    return receipt([plan.problem(config, wildcards.experiment)])


def settings(wildcards):
    return json.dumps(plan.settings(config, cell(wildcards)), sort_keys=True)


def measurement(instrument, wildcards):
    return f"{instrument}/{wildcards.name}/{wildcards.backend}"


def measurement_sources(instrument):
    return lambda wildcards: sources.of_measurement(
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
        plan.measured(config, measurement(instrument, wildcards)), sort_keys=True
    )


def table_sources(wildcards):
    return sources.closure(f"dirgrad.tables.{wildcards.table}")


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
            if kind in products.TABLES[wildcards.table]
        }
    )


def tables(*names):
    return [f"{RESULTS}/tables/{name}.csv" for name in names]


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
        if drawing.narrow
        else tables(*(name for name in drawing.tables if name in products.TABLES))
    )


def figure_records(drawing):
    """The records that a figure makes its tables from, if it needs those of its subjects alone."""
    needed = {
        kind
        for table in drawing.tables
        if drawing.narrow
        for kind in products.TABLES.get(table, ())
    }
    leaves = plan.leaves(config, drawing.subjects)
    return landscape(drawing) + recorded({kind: leaves[kind] for kind in needed})


def shown(name, module):
    """The SVG of a figure, which the report shows."""
    return report(
        f"{FIGURE_ROOT}/{name}.svg",
        caption=f"../report/figure_{module}.rst",
        category="Figures",
        subcategory="papers" if name in products.PAPERS else module,
        labels={"figure": name.replace("_", " ")},
    )


def drawn(names, module):
    """The files of figures."""
    others = [
        f"{FIGURE_ROOT}/{name}.{suffix}" for name in names for suffix in ("png", "pdf")
    ]
    return [*(shown(name, module) for name in names), *others]
