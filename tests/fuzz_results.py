"""Damaged results: each command must read them or refuse them in sentences.

`python tests/fuzz_results.py --count 300 --seed 0` changes a file of claims, a manifest, a table
and a record at random, by flipped bytes, cut ends, and replaced values, and gives each of them to
the commands that read it, in one process. It prints how often each end occurred. The exit status
is 1 if a case ended with a traceback. `--first N --count 1` repeats case N.
"""

import argparse
import io
import json
import sys
import traceback
from collections import Counter
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from random import Random
from shutil import copytree
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import yaml

from dirgrad.cli.main import main as run_command
from dirgrad.records import files, origin
from dirgrad.records.schemas import SCHEMAS
from support.hand_made_descents import paired_records

ROOT = Path(__file__).parents[1]
CONFIG = ROOT / "config"
REFERENCE = ROOT / "results/reference/default"
TABLES = ("final", "targets", "quality", "cost", "memory", "equal_loss", "claims", "evidence")
MAX_ROWS = 25
"""Rows of a table that are kept, so that a case is fast."""
RECORDS = "training/mlp/jax"
EXPERIMENT = {
    "problem": {"kind": "mlp", "dataset": "digits"},
    "optimizer": "sgd",
    "learning_rates": [2.0e-4],
    "seeds": 2,
    "steps": 30,
    "record_every": 10,
    "target_loss": 2.5,
    "estimators": ["backprop", "forward_gradient"],
}
TIER = {
    "tier": "default",
    "backends": ["jax"],
    "statistics": {"resamples": 20},
    "estimators": {
        "backprop": "backprop",
        "forward_gradient": {"kind": "forward_gradient", "direction": "gaussian"},
    },
    "experiments": {"mlp": EXPERIMENT},
}
CELLS = ("", "x", "nan", "inf", "-1", "1e400", "0:1 0:2", "True", "2020-01-01", '"', "0:", "ü")
VALUES: tuple[Any, ...] = (None, True, -1, 1.5, 10**30, "", "x", [], [1], {}, {"x": 1}, "1e3")


class Outcome(NamedTuple):
    """The end of one command on one damaged file: accepted, refused or traceback."""

    kind: str
    text: str


# Mutations


def _flip(content: bytes, rng: Random) -> bytes:
    changed = bytearray(content)
    for _ in range(rng.choice([1, 1, 3, 20])):
        changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


def _cut(content: bytes, rng: Random) -> bytes:
    return content[: rng.randrange(len(content))]


def _cell(content: bytes, rng: Random) -> bytes:
    """Replace, remove or add one cell of a CSV file."""
    lines = [line.split(",") for line in content.decode().splitlines()]
    line = rng.choice(lines)
    i = rng.randrange(len(line))
    line[i : i + rng.choice([0, 1, 1, 1])] = [rng.choice(CELLS)] * rng.choice([0, 1, 1, 1])
    return "\n".join([*map(",".join, lines), ""]).encode()


def _value(content: bytes, rng: Random) -> bytes:
    """Replace or remove one value of a YAML or JSON file."""
    data = yaml.safe_load(content)
    parent = data
    while True:
        keys = [*parent] if isinstance(parent, dict) else [*range(len(parent))]
        key = rng.choice(keys)
        if not isinstance(parent[key], dict | list) or not parent[key] or rng.random() < 0.2:
            break
        parent = parent[key]
    if rng.random() < 0.3:
        del parent[key]
    else:
        parent[key] = rng.choice(VALUES)
    return json.dumps(data).encode()


Mutation = Callable[[bytes, Random], bytes]
RAW: tuple[Mutation, ...] = (_flip, _cut, lambda _, rng: rng.randbytes(rng.choice([0, 1, 999])))
MUTATIONS: dict[str, tuple[Mutation, ...]] = {
    "claims.yaml": (*RAW, _value, _value, _value),
    "manifest.json": (*RAW, _value, _value, _value),
    "table": (*RAW, _cell, _cell, _cell),
    "record": RAW,
    "page": RAW,
}


# Commands


def _commands(target: str, path: Path, folder: Path) -> list[list[str]]:
    """Return the commands that read a damaged file."""
    tier, out = ["--config", str(folder / "tier.yaml")], ["--out", str(folder / "out")]
    run = folder / "run"
    claims = ["--claims", str(folder / "claims.yaml")]
    manifest = ["--manifest", str(run / "manifest.json")]
    page = [*manifest, "--out", str(folder / "out.html")]
    judge = ["claims", str(run / "tables"), *DEFAULT, *claims, *out]
    verify = ["verify", str(run), str(folder / "same"), *DEFAULT, *claims, *out]
    records = ["--records", str(folder / "records")]
    if target == "claims.yaml":
        return [judge, verify]
    if target == "manifest.json":
        table = str(folder / "other.csv")
        return [verify, ["front-page", *page], ["render", table, *manifest]]
    if target == "record":
        table = ["table", "final", *tier, *records, "--out", str(folder / "t.csv")]
        return [table, ["manifest", *tier, *records, "--out", str(folder / "m.json")]]
    if target == "page":
        return [["origin", str(path)]]
    if path.stem in ("claims", "evidence"):
        commands = [["front-page", *page, "--tables", str(path)], ["readme-table", str(path)]]
        return [*commands, ["answers", str(path)]] if path.stem == "claims" else commands[:1]
    commands = [judge, verify, ["render", str(path), *manifest]]
    if path.stem == "targets":
        commands.append(["readme-table", str(path)])
    if path.stem == "final":
        figure = ["figure", "sensitivity_mlp", *tier, *records, "--tables", str(path)]
        commands.append([*figure, *out])
    return commands


DEFAULT = ["--config", str(CONFIG / "config.yaml")]


def _prepare(folder: Path) -> None:
    """Write small results, and a page with an origin."""
    (folder / "tier.yaml").write_text(json.dumps(TIER))
    (folder / "claims.yaml").write_bytes((CONFIG / "claims.yaml").read_bytes())
    tables = folder / "run/tables"
    tables.mkdir(parents=True)
    for name in TABLES:
        lines = (REFERENCE / f"tables/{name}.csv").read_text().splitlines(keepends=True)
        (tables / f"{name}.csv").write_text("".join(lines[: MAX_ROWS + 1]))
    manifest = (REFERENCE / "manifest.json").read_text()
    (folder / "run/manifest.json").write_text(manifest)
    copytree(folder / "run", folder / "same")
    (folder / "other.csv").write_text("experiment,n\nmlp,1\n")
    facts = dict.fromkeys(("dirgrad", "commit", "settings_hash", "started", "python"), "1")
    facts |= {"load_average_1min": "0.1", "command": "dirgrad run"}
    for name, rows in paired_records().items():
        if name in ("trials", "curves"):
            present = ({k: v for k, v in row.items() if v == v} for row in rows.to_dict("records"))
            table = files.to_table(present, SCHEMAS[name])
            files.write_records(table, facts, folder / f"records/{RECORDS}/{name}.parquet")
    line = origin.to_line(origin.from_manifest(json.loads(manifest)))
    (folder / "page.html").write_text(f"<!-- {line[:3000]} -->" if len(line) < 3000 else line)


def _run(arguments: list[str]) -> Outcome:
    text = io.StringIO()
    try:
        with redirect_stdout(text), redirect_stderr(text):
            run_command(arguments)
    except SystemExit as end:
        if end.code in (1, 2) and "Traceback" not in text.getvalue():
            return Outcome("refused", text.getvalue())
    except BaseException:
        return Outcome("traceback", traceback.format_exc())
    return Outcome("accepted", "")


def outcomes(index: int, seed: int, folder: Path) -> list[tuple[str, Outcome]]:
    """Damage one file, give it to its commands, and put it back; return each command's end."""
    rng = Random(f"{seed}/{index}")
    target = rng.choice([*MUTATIONS])
    path = {
        "claims.yaml": folder / "claims.yaml",
        "manifest.json": folder / "run/manifest.json",
        "table": folder / f"run/tables/{rng.choice(TABLES)}.csv",
        "record": folder / f"records/{RECORDS}/{rng.choice(['trials', 'curves'])}.parquet",
        "page": folder / "page.html",
    }[target]
    sound = path.read_bytes()
    path.write_bytes(rng.choice(MUTATIONS[target])(sound, rng))
    try:
        commands = _commands(target, path, folder)
        return [(f"{path.name} {command[0]}", _run(command)) for command in commands]
    finally:
        path.write_bytes(sound)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=300, help="number of cases")
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    parser.add_argument("--seed", type=int, default=0, help="seed of the mutations")
    args = parser.parse_args()
    counts: Counter[str] = Counter()
    with TemporaryDirectory() as name:
        folder = Path(name)
        _prepare(folder)
        for i in range(args.first, args.first + args.count):
            for command, end in outcomes(i, args.seed, folder):
                counts[end.kind] += 1
                if end.kind == "traceback" or args.count == 1:
                    print(f"case {i}: {command}: {end.kind}\n{end.text}\n", flush=True)
    print(f"{args.count} cases, seed {args.seed}:", dict(counts))
    sys.exit(counts["traceback"] > 0)


if __name__ == "__main__":
    main()
