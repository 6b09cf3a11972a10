"""Measure the time and the memory in which `snakemake -n` plans configurations of many experiments.

    python benchmarks/planning.py --out results/bench/tables/planning.csv

prints one row per number of experiments: the seconds and the peak of the resident set of a new
process, and the milliseconds per experiment, with and without the time of a single experiment.
Seconds are processor time, which depends less on what else the machine does. Both frameworks run
every experiment. For 20 experiments, there is also one measurement of cost, one of memory and one
of quality. Each row is the fastest of several runs.
"""

import argparse
import os
import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
import yaml

from dirgrad.records import provenance

ROOT = Path(__file__).parents[1]
COUNTS = (1, 100, 300, 1000)
ESTIMATORS: dict[str, Any] = {
    "backprop": {"kind": "backprop"},
    "forward_gradient": {"kind": "forward_gradient", "direction": "gaussian"},
    "rank_one": {"kind": "forward_gradient", "direction": "rank_one"},
    "central": {
        "kind": "finite_difference",
        "direction": "gaussian",
        "scheme": "central",
        "eps": 0.01,
    },
}
PROBLEMS: tuple[dict[str, Any], ...] = (
    {"kind": "quadratic", "dimension": 100},
    {"kind": "rosenbrock", "start": [-1.0, 0.0]},
    {"kind": "logistic_regression", "dataset": "digits"},
    {"kind": "mlp", "dataset": "digits", "hidden": [64, 64]},
)
RATES: tuple[dict[str, Any], ...] = (
    {"learning_rates": [1e-3, 3e-3, 0.01, 0.03]},
    {"tuning": {"lowest": 1e-3, "highest": 1.0, "per_decade": 2, "seeds": 2}},
)
SNAKEMAKE = [
    *(sys.executable, "-P", "-m", "snakemake", "--dry-run"),
    *("--snakefile", str(ROOT / "workflow" / "Snakefile")),
    *("--workflow-profile", str(ROOT / "profiles" / "default")),
]


def experiment(index: int) -> dict[str, Any]:
    """Return an experiment; four problems and two ways to choose the rate take turns."""
    return {
        "problem": PROBLEMS[index % 4] | {},
        "optimizer": ("sgd", "adam")[index // 4 % 2],
        **RATES[index // 8 % 2],
        "seeds": 5 + index % 7,
        "steps": 1000,
        "record_every": 100,
        "estimators": list(ESTIMATORS),
    }


def configuration(count: int) -> dict[str, Any]:
    """Return a configuration with this number of experiments."""
    measurements = {
        f"measurement_{index}": {
            "problems": {"first": PROBLEMS[2], "second": PROBLEMS[3]},
            "estimators": list(ESTIMATORS),
        }
        for index in range(count // 20)
    }
    return {
        "tier": "default",
        "backends": ["jax", "torch"],
        "estimators": ESTIMATORS,
        "experiments": {f"experiment_{index}": experiment(index) for index in range(count)},
        **dict.fromkeys(("cost", "memory", "quality"), measurements),
    }


def plan(folder: Path) -> dict[str, float]:
    """Plan the configuration of a folder in a new process.

    Returns:
        Processor time in seconds, peak resident set in MB, and number of jobs.
    """
    output = folder / "output.txt"
    with output.open("w") as file:
        process = subprocess.Popen(SNAKEMAKE, cwd=folder, stdout=file, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
    text = output.read_text()
    if status != 0:
        sys.exit(text[-2000:])
    # Linux counts in KiB, macOS in bytes.
    unit = 1 if sys.platform == "darwin" else 1024
    seconds = usage.ru_utime + usage.ru_stime
    jobs = re.findall(r"^total +(\d+)$", text, re.MULTILINE)[-1]
    return {"seconds": seconds, "peak_mb": usage.ru_maxrss * unit / 1e6, "jobs": int(jobs)}


def rows(counts: list[int], repeats: int) -> list[dict[str, Any]]:
    """Return one row per number of experiments, the fastest of several runs.

    The numbers take turns, so that a slow minute of the machine affects all of them.
    """
    with TemporaryDirectory() as folder:
        for count in counts:
            path = Path(folder, str(count), "config", "config.yaml")
            path.parent.mkdir(parents=True)
            text = yaml.dump(configuration(count), Dumper=NoAliases, sort_keys=False)
            path.write_text(text, encoding="utf-8")
        rounds = [[plan(Path(folder, str(count))) for count in counts] for _ in range(repeats)]
    return [
        {"experiments": count, **min(runs, key=lambda run: run["seconds"])}
        for count, runs in zip(counts, zip(*rounds, strict=True), strict=True)
    ]


class NoAliases(yaml.SafeDumper):
    """Writes a value that occurs twice twice, as people do."""

    def ignore_aliases(self, data: Any) -> bool:
        """Return True for every value."""
        return True


def main() -> None:
    """Print the table, and write it with its provenance if a file is given."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("counts", nargs="*", type=int, default=COUNTS)
    parser.add_argument("--repeats", type=int, default=5, metavar="N")
    parser.add_argument("--out", type=Path, metavar="CSV")
    options = parser.parse_args()
    table = pd.DataFrame(rows(list(options.counts), options.repeats))
    first = table.iloc[0]
    more = (table["experiments"] - first["experiments"]).where(table.index > 0)
    table["ms_per_experiment"] = 1e3 * table["seconds"] / table["experiments"]
    table["ms_per_further_experiment"] = 1e3 * (table["seconds"] - first["seconds"]) / more
    print(table.round(2).to_string(index=False))
    if options.out:
        facts = provenance.collect({}, {"device": "cpu"})
        columns = ("commit", "python", "cpu", "cpu_count", "load_average_1min")
        options.out.parent.mkdir(parents=True, exist_ok=True)
        table.assign(**{name: facts[name] for name in columns}).to_csv(options.out, index=False)


main()
