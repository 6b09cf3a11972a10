"""Measure the processor time of commands that do almost nothing, which every process takes.

Each number is the least of three runs, in seconds of user and system time. Wall-clock time would
depend on what else the machine does.
"""

import json
import subprocess
import sys
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from tempfile import TemporaryDirectory

REPEATS = 3
TRAINING = {"problem": "beale", "optimizer": "sgd", "learning_rates": [1e-3], "seeds": 1}
EXPERIMENT = TRAINING | {"steps": 2, "record_every": 1, "estimators": ["backprop"]}
CONFIG = {
    "tier": "startup",
    "backends": ["jax", "torch"],
    "run": {"threads": 1},
    "estimators": {"backprop": "backprop"},
    "experiments": {"empty": EXPERIMENT},
}


def cpu_seconds(command: list[str]) -> float:
    """Return the processor time of a process and of its children in seconds."""
    before = getrusage(RUSAGE_CHILDREN)
    subprocess.run(command, check=True, capture_output=True)
    after = getrusage(RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Print one line per command."""
    with TemporaryDirectory() as folder:
        config = Path(folder, "config.json")
        config.write_text(json.dumps(CONFIG), encoding="utf-8")
        options = ["--config", str(config)]
        commands = {"jobs": ["jobs", *options]}
        for framework in ("jax", "torch"):
            job = f"training/empty/{framework}"
            commands[job] = ["run", job, *options, "--out", folder]
        for name, arguments in commands.items():
            command = [sys.executable, "-m", "dirgrad", *arguments]
            seconds = min(cpu_seconds(command) for _ in range(REPEATS))
            print(f"{name:24} {seconds:.2f} s")


main()
