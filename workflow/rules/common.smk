import json
import os
import shlex
import signal
import sys
import time
from contextlib import suppress
from functools import cache
from hashlib import sha256
from pathlib import Path

from snakemake.io import IOFile
from snakemake.logging import logger
from snakemake.utils import update_config

# Until the first job, an interrupt loses nothing, and Snakemake would print a traceback. A workflow that
# includes this one as a module decides for itself.
PLAIN = workflow.is_main_process and workflow.modifier.parent_modifier is None
if PLAIN and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    # Only the main thread can set a handler.
    with suppress(ValueError):
        signal.signal(signal.SIGINT, signal.SIG_DFL)

# `workflow.basedir` depends on which of the two Snakefiles is the entry; this path does not.
WORKFLOW = Path(workflow.current_basedir.get_path_or_uri(secret_free=True)).parent
SOURCE = WORKFLOW.parent / "src"
REFERENCE_RESULTS = WORKFLOW.parent / "results" / "reference"
# In an installed package, or from a repository on another machine, the workflow uses the package that
# is installed.
LOCAL = SOURCE.is_dir()
CONDA = "conda" in map(str, workflow.deployment_settings.deployment_method)
if LOCAL:
    sys.path.insert(0, str(SOURCE))


def stop(error):
    """Exit with one line per mistake, before any job runs and without a traceback."""
    for line in str(error).splitlines():
        print(f"dirgrad: {line}", file=sys.stderr)
    sys.exit(2)


if LOCAL and os.pathsep in str(SOURCE):
    stop(f"{SOURCE}: a path with '{os.pathsep}' cannot be in PYTHONPATH: rename it")
if CONDA and not LOCAL:
    stop(
        "conda: the environments do not contain dirgrad: use the workflow of a checkout"
    )


INSTALL = "annotated-types grimp pydantic" if LOCAL else "dirgrad[workflow]"
# Components import NumPy. With conda, the Python that runs Snakemake need not have it.
try:
    from dirgrad.core import stand_in

    with stand_in.if_missing("numpy"):
        from dirgrad import backends
        from dirgrad.cli.workflow import pipeline_folder
        from dirgrad.components import data_files
        from dirgrad.components.registry import to_plain
        from dirgrad.config import (
            code_inputs,
            expected_time,
            files,
            job_resources,
            layers,
            outputs,
            plan,
            recorded_costs,
            time_left,
            validation,
        )
        from dirgrad.config.settings import JOB_KINDS
        from dirgrad.core.errors import UserError
        from dirgrad.records import atomic, run_lock, run_processes
        from dirgrad.report import layout
        from dirgrad.report.review import packed_files
except ModuleNotFoundError as error:
    stop(
        f"the Python that runs Snakemake has no {error.name}: run "
        f"`{sys.executable} -m pip install {INSTALL}`"
    )
if workflow.modifier.modify_path("results") != "results":
    stop(
        "the module of dirgrad has a `prefix`, which its report cannot follow: remove "
        "it, and run in another directory"
    )


def of_user_or_package(name):
    """Return the path of a file in the user's folder `config`, or else in the package's."""
    path = f"config/{name}"
    return path if os.path.isfile(path) else str(pipeline_folder() / path)


CLAIMS = of_user_or_package("claims.yaml")
JUDGEMENTS = of_user_or_package("reproducibility.yaml")


# Arguments of the commands. An argument that is a function of `input` makes no job run again.


def python(wildcards, input):
    """Return the Python of a job: the one that runs Snakemake or, with conda, of the rule."""
    return "python" if CONDA else shlex.quote(sys.executable)


def command_in_list(wildcards, input):
    """Return the command that starts dirgrad in a job.

    The package comes from this checkout, and no module from the working directory. Conda's
    environments are complete, so nothing else is added to them.
    """
    started = f"{python(wildcards, input)} -P -m dirgrad"
    others = "" if CONDA else '"${PYTHONPATH:+:$PYTHONPATH}"'
    return (
        f"env PYTHONPATH={shlex.quote(str(SOURCE))}{others} {started}"
        if LOCAL
        else started
    )


def command(wildcards, input):
    """Return the command of a rule that runs nothing else.

    It replaces the shell, so that Snakemake is its parent and it ends with Snakemake.
    """
    return f"exec {command_in_list(wildcards, input)}"


def written(values):
    """Write values to a JSON file named after its content, and return the path of the file."""
    text = json.dumps(values, default=str)
    path = Path(".snakemake/dirgrad") / f"{sha256(text.encode()).hexdigest()[:16]}.json"
    if not path.exists():
        atomic.write_atomically(
            path, lambda part: part.write_text(text, encoding="utf-8")
        )
    return str(path)


@cache
def written_config():
    """Write the whole configuration to a file, and return its path."""
    return written(files.merge(LAYERS.values()))


def config_file(wildcards, input):
    """Return the file with the whole configuration.

    Each rule lists the part that it depends on in `params`, so only an edit to that part makes it
    run again.
    """
    return written_config()


# The configuration.


def config_layers():
    """Return the contents of the configuration files by name, with the command line at the end.

    The base is config/config.yaml. Without it, the first `--configfile` is the base. As a module
    with a `config`, that is the base; values of the command line in it stay above the tier.
    """
    given = workflow.config_settings
    above = [(relative(path), files.read(path)) for path in given.configfiles]
    values = given.config
    if workflow.modifier.skip_configfile:
        base, folder = ("the config of the module", config), BASE_FILE.parent
        above = [(place, layers.shared(content, config)) for place, content in above]
        values = layers.shared(values, config)
    elif above and (given.replace_workflow_config or not BASE_FILE.is_file()):
        base, *above = above
        folder = Path(base[0]).parent
    elif not BASE_FILE.is_file():
        raise UserError(
            f"{BASE_FILE}: no such file: write one with `dirgrad workflow init`, or give a "
            "file by --configfile"
        )
    else:
        base, folder = (str(BASE_FILE), files.read(BASE_FILE)), BASE_FILE.parent
    above = [layer for layer in above if layer[0] != base[0]]
    return layers.stack(base, [*above, (files.COMMAND_LINE, values)], folder)


def relative(path):
    """Return a path as text, relative to the working directory if it lies there."""
    inside = path.is_relative_to(Path.cwd())
    return str(path.relative_to(Path.cwd()) if inside else path)


def checked(function, *arguments):
    """Return the result of a function; exit if it raises UserError."""
    try:
        with stand_in.if_missing("numpy"):
            return function(*arguments)
    except UserError as error:
        stop(error)


def importer_config(wildcards, input):
    """Return a file with the values of the command line, for the workflow that Snakemake runs."""
    given = workflow.config_settings
    values = json.loads(json.dumps(given.overwrite_config))
    update_config(values, given.config)
    update_config(values, LAYERS[files.COMMAND_LINE])
    return written(values | {"tier": CONFIG.tier})


# Start of a run.


def lock_results():
    """Lock the results of the tier; exit if another run is at work on them.

    Snakemake's own lock is off, because a killed run leaves it behind. The jobs that a killed run
    left at work are ended, so that no two jobs write the same file.
    """
    checked(run_lock.acquire, Path(RESULTS))
    ended = run_processes.end_all(Path(RESULTS))
    if ended:
        print(f"Processes that a killed run had left at work were ended: {ended}.")
    run_processes.mark(Path(RESULTS))
    for folder in (RESULTS, FIGURE_ROOT):
        atomic.remove_parts(Path(folder))


def end_jobs_at_interrupt():
    """Let an interrupt of Snakemake end its jobs, as Ctrl-C in a terminal does.

    Snakemake would wait for its jobs and then discard their results.
    """
    if signal.getsignal(signal.SIGINT) is not signal.SIG_DFL:
        return

    def interrupt(number, frame):
        run_processes.end_all(Path(RESULTS))
        signal.default_int_handler(number, frame)

    with suppress(ValueError):
        signal.signal(signal.SIGINT, interrupt)


def require_frameworks():
    """Exit if this machine lacks a framework or a compiler that a job of this run needs."""
    if CONDA or not workflow.local_exec:
        return
    wildcards = [job.wildcards for job in workflow.dag.needrun_jobs()]
    needed = {getattr(names, "backend", "") for names in wildcards} - {""}
    for name in sorted(needed):
        checked(backends.require, name)
    if CONFIG.run.torch_compile and needed & {*backends.TORCH_COMPILED}:
        checked(backends.require_cpp_compiler)


# The hooks of Snakemake are functions, and have no variables in common.
RUN = {"started": 0.0, "progress": None}


def start_progress(recorded):
    """Show the progress on a terminal.

    Elsewhere, and with options that change Snakemake's output, that output stays.
    """
    RUN["started"] = time.monotonic()
    output = workflow.output_settings
    if output.quiet or output.verbose or output.printshellcmds or output.debug_dag:
        return
    # Planning does not need this module.
    from dirgrad.cli import run_progress

    jobs = {
        workflow.dag.jobid(job): time_left.TimedJob(
            job.rule.name, time_left.recorded_seconds(job_of_rule(job), recorded)
        )
        for job in workflow.dag.needrun_jobs()
    }
    cores = workflow.cores if workflow.local_exec else len(jobs)
    RUN["progress"] = run_progress.start(logger, f"Tier {CONFIG.tier}", jobs, cores)


def stop_progress():
    """Give the terminal back to Snakemake, and return the duration of the run in words."""
    if RUN["progress"]:
        RUN["progress"].stop(logger)
    return time_left.duration(time.monotonic() - RUN["started"])


def job_of_rule(job):
    """Return the training or the measurement that a job of Snakemake carries out, or None."""
    kind = job.rule.name.rpartition("_")[2]
    names = [getattr(job.wildcards, name, "") for name in ("name", "backend")]
    return JOBS.get("/".join([kind, *names]))


# Jobs.


def of_job(kind, function):
    """Return an input or params function, which applies a function to a job of this kind."""
    return lambda wildcards: function(
        JOBS[f"{kind}/{wildcards.name}/{wildcards.backend}"]
    )


@cache
def costs_of_reference():
    """Return the costs in the committed reference of the tier.

    A reference may be of another machine, and of another version of the code.
    """
    return recorded_costs.read(REFERENCE_RESULTS / CONFIG.tier / "tables")


def asked(kind, function):
    """Return a resource function; a repeated job asks for twice or three times as much."""
    return lambda wildcards, attempt: attempt * function(
        JOBS[f"{kind}/{wildcards.name}/{wildcards.backend}"], costs_of_reference()
    )


def threads_of(kind):
    """Return the number of threads of a job, or a function that returns it.

    A measurement of cost takes all cores of this machine. Snakemake knows only after it has read
    the rules whether jobs run here.
    """
    if kind != "cost":
        return CONFIG.run.threads
    return lambda wildcards: (
        workflow.cores if workflow.local_exec else CONFIG.run.threads
    )


def undisturbed(kind):
    """Return the options of Slurm that keep jobs of others off the node of a timed job."""
    timed = kind == "cost" or kind == "training" and CONFIG.run.exclusive
    return {"slurm_extra": "--exclusive"} if timed else {}


def settings(job):
    """Return everything that determines the records of a job."""
    return json.dumps(plan.plain_settings(job), sort_keys=True)


def code(job):
    """Return the digest of the source files of a job."""
    return code_inputs.digest(code_inputs.for_job(job))


def require_data(jobs, directory):
    """Raise UserError if the directory of the data lacks a file that a job reads."""
    datasets = [problem.dataset for job in jobs for problem in job.problems]
    data_files.require_local_files(datasets, directory)


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
