"""Faults of a machine and of files for `tests/chaos.py`.

Each function gets a directory with a complete run, brings about one fault there, and takes it back.
It returns the sentences that the run must print, or raises `NotPossibleError`.
"""

import os
import resource
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from support import chaos_tier
from support.chaos_tier import RESULTS
from support.mnist_files import small_mnist_files

SMALL_DISK = "300k"
ADDRESS_SPACE_BYTES = 6 * 2**30
HANGING = """
import time
from dirgrad.components.problems.beale import Beale
from dirgrad.components.registry import component

@component
class Hanging(Beale):
    \"\"\"A problem whose loss takes an hour.\"\"\"

    def outputs(self, ops, params, batch):
        time.sleep(3600)
        return super().outputs(ops, params, batch)
"""


class NotPossibleError(Exception):
    """This machine cannot bring about a fault; the message says why."""


class MissedError(Exception):
    """The run did not cope with a fault; the message says how."""


def require(condition: object, message: str) -> None:
    """Raise MissedError unless a condition holds."""
    if not condition:
        raise MissedError(message)


def _require_sentence(directory: Path, text: str) -> None:
    output = chaos_tier.output(directory)
    require(text in output, f"no sentence with '{text}'")


def _fails(directory: Path, sentence: str, **options: Any) -> None:
    """Check that a run ends with a sentence."""
    status = chaos_tier.run(directory, **options)
    require(status is not None, "the run hung")
    require(status != 0, "the run ended as if nothing had happened")
    _require_sentence(directory, sentence)


# Disks


@contextmanager
def _disk(directory: Path, options: str) -> Iterator[Callable[[str], None]]:
    """Mount a disk in memory over the results; yield a function that changes its options."""
    if os.geteuid() != 0:
        raise NotPossibleError("only root can mount a disk in memory")
    folder = directory / "results"
    shutil.rmtree(folder)
    folder.mkdir()

    def mount(options: str) -> None:
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
        process = subprocess.run(command, capture_output=True, text=True, check=False)
        if process.returncode:
            raise NotPossibleError(f"mount: {process.stderr.strip()}")

    mount(options)
    try:
        yield lambda changed: mount(f"remount,{changed}")
        copy = directory / "kept"
        shutil.copytree(folder, copy, copy_function=shutil.copy2)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=False)
    folder.rmdir()
    copy.rename(folder)


def full_disk(directory: Path) -> None:
    """Run until the disk is full, then with more space."""
    with _disk(directory, f"size={SMALL_DISK}") as change:
        _fails(directory, "No space left on device")
        change("size=500m")
        require(chaos_tier.run(directory) == 0, "the run with more space failed")


def read_only(directory: Path) -> None:
    """Run with results that cannot be written, then with results that can."""
    with _disk(directory, "size=500m") as change:
        change("ro")
        _fails(directory, "Read-only file system")
        change("rw")
        require(chaos_tier.run(directory) == 0, "the run on a writable disk failed")


# Files


def _truncate(path: Path) -> None:
    """Cut a file in its middle, without a new date."""
    status = path.stat()
    os.truncate(path, status.st_size // 2)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def _truncated(directory: Path, damaged: str, reader: str) -> None:
    """Cut a file, let a job read it, and follow the advice that the run prints."""
    path = directory / RESULTS / damaged
    _truncate(path)
    (directory / RESULTS / reader).unlink()
    _fails(directory, f"{RESULTS / damaged}: ")
    _require_sentence(directory, "delete it and run again")
    path.unlink()
    require(chaos_tier.run(directory) == 0, "the run after the advice failed")


def truncated_record(directory: Path) -> None:
    """Cut a file of records that the table `final` reads."""
    _truncated(directory, "records/training/beale/jax/trials.parquet", "tables/final.csv")


def truncated_table(directory: Path) -> None:
    """Cut a table that the verdicts read."""
    _truncated(directory, "tables/final.csv", "tables/claims.csv")


def truncated_mnist(directory: Path) -> None:
    """Train on MNIST with a truncated file of images, then without this experiment."""
    data = directory / "data"
    data.mkdir()
    for name, content in small_mnist_files().items():
        (data / name).write_bytes(content[: len(content) // 2])
    config = chaos_tier.tier()
    images = {"problem": {"kind": "mlp", "dataset": "mnist"}}
    experiments = config["experiments"] | {"images": config["experiments"]["perceptron"] | images}
    run_settings = config["run"] | {"data_directory": str(data)}
    changed = config | {"run": run_settings, "experiments": experiments}
    chaos_tier.write_tier(directory, changed)
    _fails(directory, str(data / "train-images-idx3-ubyte"))
    chaos_tier.write_tier(directory, config)
    require(chaos_tier.run(directory) == 0, "the run without MNIST failed")


# Memory and time


def memory_limit(directory: Path) -> None:
    """Train an estimator that needs more memory than the limit, and a smaller one."""
    config = chaos_tier.tier()
    estimators = config["estimators"]
    # It keeps 30,000 directions of 30,000 parameters, which take 3.6 GB.
    many = {"kind": "projected_forward_gradient", "direction": "gaussian", "num_directions": 30_000}
    problem = {"kind": "mlp", "dataset": "digits", "hidden": [400]}
    perceptron = config["experiments"]["perceptron"] | {"estimators": ["backprop", "many"]}
    short = {"problem": problem, "steps": 2, "record_every": 1}
    large = config | {
        "estimators": estimators | {"many": many},
        "experiments": {"large": perceptron | short},
    }
    chaos_tier.write_tier(directory, large)
    limits = (ADDRESS_SPACE_BYTES, ADDRESS_SPACE_BYTES)
    status = chaos_tier.run(
        directory, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, limits)
    )
    require(status == 0, f"the run with little memory ended with {status}")
    final = pd.read_csv(directory / RESULTS / "tables/final.csv").set_index("estimator")
    require(final.loc["many", "n_unsupported"] == 2, "no status of the estimator without memory")
    require(final.loc["backprop", "n_ok"] == 2, "the other estimator has no result")
    chaos_tier.write_tier(directory, config)
    require(chaos_tier.run(directory) == 0, "the run with enough memory failed")


def hanging(directory: Path) -> None:
    """Interrupt a run whose training and whose measurement of memory hang."""
    components = directory / "components" / "problems"
    components.mkdir(parents=True)
    (components / "hanging.py").write_text(HANGING, encoding="utf-8")
    config = chaos_tier.tier()
    for kind in ("training", "memory"):
        problem = {"hangs": "hanging"}
        more: dict[str, Any] = {
            "memory": {"small": config["memory"]["small"] | {"problems": problem}}
        }
        if kind == "training":
            hung = config["experiments"]["beale"] | {"problem": "hanging"}
            more = {"experiments": config["experiments"] | {"hung": hung}}
        chaos_tier.write_tier(directory, config | {"components": [str(components)]} | more)
        process = chaos_tier.start(directory)
        _wait_for_job(process.pid)
        time.sleep(8.0)
        require(process.poll() is None, "the run did not hang")
        process.send_signal(signal.SIGINT)
        require(chaos_tier.wait(process, 20.0) is not None, f"{kind}: the interrupt was ignored")
    chaos_tier.write_tier(directory, config)
    require(chaos_tier.run(directory) == 0, "the run without the component failed")


def _wait_for_job(main: int) -> None:
    deadline = time.monotonic() + chaos_tier.LIMIT_SECONDS
    while not list(chaos_tier.jobs(main)):
        require(time.monotonic() < deadline, "no job began")
        time.sleep(0.05)


def two_runs(directory: Path) -> None:
    """Start two runs on the same results."""
    shutil.rmtree(directory / "results")
    first = chaos_tier.start(directory)
    _wait_for_job(first.pid)
    second = chaos_tier.run(directory)
    require(second == 2, f"the second run ended with {second}")
    _require_sentence(directory, "another run is at work here")
    require(chaos_tier.wait(first) == 0, "the first run failed")


FAULTS = {
    "full disk": full_disk,
    "read-only results": read_only,
    "truncated record": truncated_record,
    "truncated table": truncated_table,
    "truncated MNIST file": truncated_mnist,
    "memory limit": memory_limit,
    "hanging job, hanging fork": hanging,
    "two runs at once": two_runs,
}
