import json
import shlex
import sys
from pathlib import Path

# `workflow.basedir` depends on which of the two Snakefiles is the entry; this path does not.
WORKFLOW = Path(workflow.current_basedir.get_path_or_uri(secret_free=True)).parent
SOURCE = WORKFLOW.parent / "src"
CLAIMS = str(WORKFLOW.parent / "config" / "claims.yaml")
sys.path.insert(0, str(SOURCE))

from dirgrad import backends
from dirgrad.components.registry import to_plain
from dirgrad.config import code_inputs, files, outputs, plan, validation
from dirgrad.config.settings import JOB_KINDS
from dirgrad.core.errors import UserError

# Jobs use the Python that runs Snakemake or, with conda, the Python of the rule's environment.
# No conda environment contains the package, so it is put on PYTHONPATH.
CONDA = "conda" in map(str, workflow.deployment_settings.deployment_method)
PYTHON_FOLDER = shlex.quote(str(Path(sys.executable).parent))
PYTHON_FIRST = "" if CONDA else f"PATH={PYTHON_FOLDER}:$PATH "
shell.prefix(
    f"set -euo pipefail; export {PYTHON_FIRST}PYTHONPATH={shlex.quote(str(SOURCE))}; "
)


def stop(error):
    """Exit with one line per mistake, before any job runs and without a traceback."""
    for line in str(error).splitlines():
        print(f"dirgrad: {line}", file=sys.stderr)
    sys.exit(2)


def tier_file(tier):
    """Return the overlay of a tier, None for `default`; exit if the tier does not exist."""
    path = Path("config") / f"{tier}.yaml"
    if tier == "default":
        return None
    try:
        files.read(path)
    except UserError as error:
        stop(f"config/config.yaml: tier: tier '{tier}' does not exist: {error}")
    return str(path)


def validated_config(paths, override):
    """Return the configuration; exit if it is not valid or a backend is not installed."""
    try:
        validated = validation.load(paths, override)
        if not CONDA:
            for name in validated.backends:
                backends.require(name)
    except UserError as error:
        stop(error)
    return validated


# Jobs.


def job_settings(kind):
    """Return a params function: everything that determines the records of a job."""

    def settings(wildcards):
        job = JOBS[f"{kind}/{wildcards.name}/{wildcards.backend}"]
        return json.dumps(plan.plain_settings(job), sort_keys=True)

    return settings


def job_code(kind):
    """Return a params function: the digest of the source files of a job."""

    def code(wildcards):
        job = JOBS[f"{kind}/{wildcards.name}/{wildcards.backend}"]
        return code_inputs.digest(code_inputs.for_job(job))

    return code


def job_data(kind):
    """Return an input function: the receipts of the data sets that a job downloads."""

    def receipts(wildcards):
        job = JOBS[f"{kind}/{wildcards.name}/{wildcards.backend}"]
        datasets = plan.datasets_to_download(job.problems)
        return [f"{RESULTS}/data/{dataset}.json" for dataset in datasets]

    return receipts


# Records and tables.

TEMPLATES = SOURCE / "dirgrad" / "report" / "pages" / "templates"
PAGE_CODE = [
    *code_inputs.closure("dirgrad.report.pages.table"),
    *sorted(map(str, TEMPLATES.iterdir())),
]
"""Source files and templates of the HTML and LaTeX versions of tables."""


def code_digest(*modules, pages=False):
    """Return the digest of the source files of some modules, and of the pages of tables."""
    paths = code_inputs.closure(*modules)
    return code_inputs.digest([*paths, *PAGE_CODE] if pages else paths)


def table_code(wildcards):
    table_module = f"dirgrad.analysis.tables.{wildcards.table}"
    return code_digest(table_module, "dirgrad.records.origin", pages=True)


def records_root(wildcards):
    return f"{RESULTS}/records"


def record_files(paths_by_kind):
    """Return all record files as one list."""
    return [
        f"{RESULTS}/records/{path}"
        for paths in paths_by_kind.values()
        for path in paths
    ]


def table_records(wildcards):
    kinds = outputs.TABLES[wildcards.table]
    return record_files(
        {kind: paths for kind, paths in RECORDS.items() if kind in kinds}
    )


def csv_files(*names):
    return [f"{RESULTS}/tables/{name}.csv" for name in names]


def table_outputs(name, table_format):
    """Return the files of a table: CSV, and for a table to read also HTML and LaTeX."""

    def in_report(suffix, **labels):
        is_series = table_format == "series"
        return report(
            f"{RESULTS}/tables/{name}.{suffix}",
            caption="../report/table.rst",
            category=outputs.CATEGORIES["tables"],
            subcategory="points of figures" if is_series else "tables",
            labels={"table": name, **labels},
        )

    if table_format == "series":
        return [in_report("csv")]
    # The report shows the first label in sort order first, here HTML.
    page = in_report("html", format="HTML")
    file = in_report("csv", format="as CSV file")
    return [file, page, f"{RESULTS}/tables/{name}.tex"]


# Figures.

FRAMEWORK_LABELS = {"jax": "JAX", "torch": "PyTorch"}
REFERENCE_FOLDERS = [
    Path("figures/reference", tier) for tier in ("paper", "sequences", "default")
]
"""Committed figures by tier, in order of preference.

The folders do not exist if the workflow runs in another directory.
"""


def landscape_record(spec):
    """Return the landscape file as a list if a figure needs it, otherwise an empty list."""
    if "landscape" not in spec.tables:
        return []
    return [f"{RESULTS}/records/landscape.parquet"]


def figure_tables(spec):
    """Return the CSV files of a figure; none if its job makes the tables from records."""
    if spec.own_records_only:
        return []
    return csv_files(*(name for name in spec.tables if name in outputs.TABLES))


def figure_records(spec):
    """Return the record files that the job of a figure reads."""
    if not spec.own_records_only:
        return landscape_record(spec)
    return [
        f"{RESULTS}/records/{path}" for path in outputs.figure_records(CONFIG, spec)
    ]


def reference_figure(name):
    """Return the committed figure of this name and its tier, or None."""
    for folder in REFERENCE_FOLDERS:
        path = folder / f"{name}.png"
        if path.is_file():
            return str(path), folder.name
    return None


def figure_in_report(path, name, subcategory, **labels):
    """Mark a file of a figure for the report.

    If half of the files of a subcategory have one value of a label and half the other, the report
    shows a switch for it and starts with the first value in sort order. Therefore each switch has
    its own subcategory.
    """
    return report(
        path,
        caption=f"../report/figure_{FIGURE_SPECS[name].module}.rst",
        category=outputs.category(name),
        subcategory=subcategory,
        labels={"figure": name.replace("_", " "), **labels},
    )


def figure_outputs(name):
    """Return the files of a figure."""
    stem = f"{FIGURE_ROOT}/{name}"
    if reference_figure(name):
        subcategory = "with reference"
        labels = {"tier": f"This run: {CONFIG.tier}"}
    else:
        subcategory = "this run"
        labels = {}
    figure = figure_in_report(f"{stem}.svg", name, subcategory, **labels)
    by_framework = [
        figure_in_report(
            f"{stem}.{backend}.svg",
            name,
            "one framework",
            framework=FRAMEWORK_LABELS[backend],
        )
        for backend in outputs.frameworks(CONFIG, FIGURE_SPECS[name])
    ]
    return [figure, *by_framework, f"{stem}.png", f"{stem}.pdf"]


def reference_figures():
    """Return the committed figures that the report compares with those of this run."""
    figures = []
    for name in FIGURE_SPECS:
        reference = reference_figure(name)
        if reference:
            path, tier = reference
            label = f"reference: {tier}"
            figures.append(figure_in_report(path, name, "with reference", tier=label))
    return figures
