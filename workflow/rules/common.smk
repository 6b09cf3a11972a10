import json
import shlex
import sys
from pathlib import Path

# `workflow.basedir` depends on which of the two Snakefiles is the entry; this path does not.
WORKFLOW = Path(workflow.current_basedir.get_path_or_uri(secret_free=True)).parent
SOURCE = WORKFLOW.parent / "src"
REFERENCE_RESULTS = WORKFLOW.parent / "results" / "reference"
CLAIMS = str(WORKFLOW.parent / "config" / "claims.yaml")
sys.path.insert(0, str(SOURCE))

from dirgrad import backends
from dirgrad.components import data_files
from dirgrad.components.registry import to_plain
from dirgrad.config import code_inputs, expected_time, files, outputs, plan, validation
from dirgrad.config.settings import JOB_KINDS
from dirgrad.core.errors import UserError
from dirgrad.report import layout

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


def of_job(kind, function):
    """Return an input or params function, which applies a function to a job of this kind."""
    return lambda wildcards: function(
        JOBS[f"{kind}/{wildcards.name}/{wildcards.backend}"]
    )


def settings(job):
    """Return everything that determines the records of a job."""
    return json.dumps(plan.plain_settings(job), sort_keys=True)


def code(job):
    """Return the digest of the source files of a job."""
    return code_inputs.digest(code_inputs.for_job(job))


def require_data(jobs, directory):
    """Exit if the directory of the data lacks a file that a job reads."""
    datasets = [problem.dataset for job in jobs for problem in job.problems]
    try:
        data_files.require_local_files(datasets, directory)
    except UserError as error:
        stop(error)


def receipts(job):
    """Return the receipts of the data sets that a job downloads."""
    names = plan.datasets_to_download(job.problems)
    return [f"{RESULTS}/data/{name}.json" for name in names]


# The report.


def marked(report_files, caption):
    """Return the paths of files, with marks on those that the report contains."""

    def mark(file):
        return report(file.path, caption=caption, **file.place._asdict())

    return [mark(file) if file.place else file.path for file in report_files]


def paths(report_files):
    return [file.path for file in report_files]
