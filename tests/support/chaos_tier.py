"""A tiny tier for `tests/chaos.py`: run it, find its processes, and compare its tables."""

import csv
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import psutil
import yaml

from dirgrad.analysis.column_roles import values_column, with_interval
from dirgrad.analysis.table_columns import ROLES
from support.paths import ROOT

RESULTS = Path("results/tiny")
FOLDERS = (RESULTS, Path("figures/tiny"))
OUTPUT = "output.txt"
FIRST_WORDS = "Using workflow specific profile"
"""Beginning of the output of a run."""
FORKING = RESULTS / "records/memory/small/jax/memory.parquet"
"""Record of the job that forks processes."""
TOKEN = "DIRGRAD_CHAOS"
"""Environment variable of all processes of a run: its directory."""
SNAKEMAKE = [
    *(sys.executable, "-P", "-m", "snakemake", "--cores", "1"),
    *("--workflow-profile", str(ROOT / "profiles" / "default")),
    *("--snakefile", str(ROOT / "workflow" / "Snakefile")),
]
LIMIT_SECONDS = 300.0
"""Time after which a run counts as hanging, in seconds."""
SETTLE_SECONDS = 10.0
"""Time in which the processes of a run must end after the run, in seconds."""


def tier(frameworks: Iterable[str] = ("jax",), **more: Any) -> dict[str, Any]:
    """Return a configuration with one small job of each kind, and a training on digits."""
    estimators = ["backprop", "forward"]
    training = {"optimizer": "sgd", "learning_rates": [0.01], "seeds": 2, "estimators": estimators}
    perceptron = {"kind": "mlp", "dataset": "digits", "hidden": [8]}
    measured = {"problems": {"beale": "beale"}, "estimators": estimators}
    return {
        "tier": "tiny",
        "backends": [*frameworks],
        "run": {"threads": 1},
        "statistics": {"resamples": 50},
        "estimators": {
            "backprop": {"kind": "backprop"},
            "forward": {"kind": "forward_gradient", "direction": "gaussian"},
        },
        "experiments": {
            "beale": training | {"problem": "beale", "steps": 20, "record_every": 10},
            "perceptron": training
            | {"problem": perceptron, "steps": 4000, "record_every": 2000, "batch_size": 8},
        },
        "cost": {"small": measured | {"rounds": 5, "round_seconds": 0.001}},
        "memory": {"small": measured | {"rounds": 2}},
        **more,
    }


def write_tier(directory: Path, config: dict[str, Any]) -> None:
    """Write the configuration of a tier, and the empty overlay that the tier names."""
    folder = directory / "config"
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in (("config", config), ("tiny", {"tier": "tiny"})):
        path = folder / f"{name}.yaml"
        path.write_text(yaml.safe_dump(content), encoding="utf-8")


# Runs


def start(directory: Path, **options: Any) -> subprocess.Popen[bytes]:
    """Start the workflow in a session of its own; its output is added to a file."""
    environment = os.environ | {TOKEN: str(directory), "PYTHONUNBUFFERED": "1"}
    with (directory / OUTPUT).open("ab") as output:
        return subprocess.Popen(
            SNAKEMAKE,
            cwd=directory,
            env=environment,
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            **options,
        )


def wait(process: subprocess.Popen[bytes], limit_seconds: float = LIMIT_SECONDS) -> int | None:
    """Return the exit status of a run, or None if it hangs; then all its processes are killed."""
    try:
        return process.wait(limit_seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return None


def run(directory: Path, **options: Any) -> int | None:
    """Run the workflow to its end."""
    return wait(start(directory, **options))


def output(directory: Path) -> str:
    return (directory / OUTPUT).read_text(encoding="utf-8", errors="replace")


# Processes


def processes(directory: Path) -> list[psutil.Process]:
    """Return all processes of the runs in a directory, without zombies."""
    matching = []
    for process in psutil.process_iter():
        try:
            is_alive = process.status() != psutil.STATUS_ZOMBIE
            if is_alive and process.environ().get(TOKEN) == str(directory):
                matching.append(process)
        except psutil.Error:
            continue
    return matching


def remaining(directory: Path, seconds: float = SETTLE_SECONDS) -> list[psutil.Process]:
    """Return the processes that are left after a time in which they should end."""
    deadline = time.monotonic() + seconds
    while (left := processes(directory)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return left


def jobs(main: int) -> Iterator[psutil.Process]:
    """Yield the processes of jobs that Snakemake has started."""
    for process in _children(main):
        if _is_dirgrad(process):
            yield process


def forks(main: int) -> Iterator[psutil.Process]:
    """Yield the processes that jobs have started."""
    for job in jobs(main):
        yield from (child for child in _children(job.pid) if child.pid != main)


def _children(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.Error:
        return []


def _is_dirgrad(process: psutil.Process) -> bool:
    try:
        command, parent = process.cmdline(), process.parent()
        is_fork = parent is not None and parent.cmdline() == command
        return command[1:4] == ["-P", "-m", "dirgrad"] and not is_fork
    except psutil.Error:
        return False


# What a run leaves behind


class Stamp(NamedTuple):
    """A file at one moment; a new file at the same path has another stamp."""

    inode: int
    nanoseconds: int


def finished_records(directory: Path) -> dict[Path, Stamp]:
    """Return the records of all jobs that Snakemake called finished in the last run."""
    # The numbers of jobs hold for one run.
    text = output(directory).rpartition(FIRST_WORDS)[2]
    stamps = {}
    for paths, job in re.findall(r"output: (\S.*)\n(?:    .*\n)*?    jobid: (\d+)\n", text):
        if f"Finished jobid: {job} " not in text:
            continue
        for name in paths.split(", "):
            path = directory / name
            written = stamp(path)
            if path.suffix == ".parquet" and written:
                stamps[path] = written
    return stamps


def stamp(path: Path) -> Stamp | None:
    """Return the stamp of a file, None if it does not exist."""
    if not path.exists():
        return None
    status = path.stat()
    return Stamp(status.st_ino, status.st_mtime_ns)


def num_tracebacks(directory: Path) -> int:
    """Return the number of tracebacks in the output of the runs and in the logs of jobs.

    Snakemake prints one of its own if an interrupt comes while it starts. It is not counted.
    """
    logs = (directory / RESULTS / "logs").rglob("*.log")
    texts = [log.read_text(encoding="utf-8", errors="replace") for log in logs]
    errors = [error for text in texts for error in _errors(text)]
    return len(errors) + len([e for e in _errors(output(directory)) if e != "KeyboardInterrupt"])


def _errors(text: str) -> list[str]:
    """Return the last line of each traceback in a text."""
    return re.findall(r"Traceback \(most recent call last\):\n(?:[ \t].*\n|\n)*(.*)", text)


def parts(directory: Path) -> list[Path]:
    """Return the temporary files in the folders of the tier."""
    return [path for folder in FOLDERS for path in (directory / folder).rglob(".part-*")]


# Tables


def _measured_columns() -> set[str]:
    """Return the columns of times and of the memory of processes, which no two runs share."""
    columns = {"other_cpu_fraction"}
    measured = [name for roles in ROLES.values() for name in roles.timed]
    for name in (*measured, *ROLES["memory"].sampled):
        ends = (f"{name}_from", f"{name}_to")
        columns |= {*with_interval(name), values_column(name), *ends}
    return columns


MEASURED = _measured_columns()


def comparable(table: Path) -> list[list[str]]:
    """Return the cells of a CSV table with its header, without times and the verdicts on them."""
    header, *rows = _cells(table)
    kept = [i for i, name in enumerate(header) if name not in MEASURED and "seconds" not in name]
    if header[0] == "id":
        timed = _claims_of_times(table.with_name("evidence.csv"))
        rows = [row for row in rows if row[0] not in timed]
    return [[row[i] for i in kept] for row in (header, *rows)]


def _claims_of_times(evidence: Path) -> set[str]:
    header, *rows = _cells(evidence)
    return {row[0] for row in rows if row[header.index("timed")] == "True"}


def _cells(table: Path) -> list[list[str]]:
    with table.open(encoding="utf-8", newline="") as file:
        return [*csv.reader(file)]


def differences(directory: Path, reference: Path) -> list[str]:
    """Return the names of the tables in which two runs differ, without measured columns."""
    folders = [folder / RESULTS / "tables" for folder in (directory, reference)]
    names = sorted({path.name for folder in folders for path in folder.glob("*.csv")})
    return [name for name in names if not _agree(*(folder / name for folder in folders))]


def _agree(first: Path, second: Path) -> bool:
    both_exist = first.exists() and second.exists()
    return both_exist and comparable(first) == comparable(second)
