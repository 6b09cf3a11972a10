import json
import shlex
import sys
from pathlib import Path

SOURCE = Path(workflow.basedir).parent / "src"
sys.path.insert(0, str(SOURCE))

from dirgrad import config as configuration
from dirgrad import backends, plan
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


def sources(wildcards):
    """The package's files that a cell depends on: Snakemake does not see what a job imports."""
    return plan.sources(plan.cell(config, cell(wildcards)))


def receipts(wildcards):
    """What says that the cell's data set is there, if it is not embedded."""
    dataset = plan.download(config, wildcards.experiment)
    return [f"{RESULTS}/data/{dataset}.json"] if dataset else []


def settings(wildcards):
    return json.dumps(plan.settings(config, cell(wildcards)), sort_keys=True)


def table_sources(wildcards):
    return plan.closure(f"dirgrad.tables.{wildcards.table}")


def shown(figure, experiment):
    """The SVG of a figure, which the report shows."""
    return report(
        f"{FIGURE_ROOT}/{figure}_{experiment}.svg",
        caption=f"../report/figure_{figure}.rst",
        category="Figures",
        subcategory=figure,
        labels={"figure": figure, "experiment": experiment.replace("_", " ")},
    )


def drawn(figure, experiments):
    """The files of a figure, of all its experiments."""
    others = [
        f"{FIGURE_ROOT}/{figure}_{name}.{suffix}"
        for name in experiments
        for suffix in ("png", "pdf")
    ]
    return [*(shown(figure, name) for name in experiments), *others]


def tables(*names):
    return [f"{RESULTS}/tables/{name}.csv" for name in names]
