"""Kills and faults: the workflow must continue, and give the tables of an undisturbed run.

`python tests/chaos.py --kills 50 --seed 0` runs a tiny tier once undisturbed. Then it kills runs at
random moments: the group of processes, Snakemake, a job, or a process that a job has forked, by
INT, TERM or KILL. The same command runs and is killed again, until it ends before the kill. Last
come the faults: a full disk, read-only results, damaged files, little memory, jobs that hang and
two runs at once.

At the end of each run no record of a finished job may be lost, nothing may be a traceback, no
temporary file and no process may be left, and the tables must be byte-identical except for
measured columns. The exit status is 1 otherwise. `--first N --count 1` repeats cycle N of kills,
and `--only` selects faults.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import NamedTuple

from support import chaos_tier, interrupts
from support.chaos_faults import FAULTS, MissedError, NotPossibleError

TARGETS = ("group", "Snakemake", "job", "fork")
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)
LATEST_SECONDS = 12.0
"""Latest moment of a kill after the start of a run, in seconds."""
WAIT_SECONDS = 60.0
"""Time to wait for a job or a fork that can be killed, in seconds."""


class Row(NamedTuple):
    """Figures of one kind of disturbance.

    Attributes:
        kind: The disturbance.
        n: Number of disturbances, or why there are none.
        well: Number after which everything was as it should be.
        lost: Number of records of finished jobs that were lost.
        tracebacks: Number of tracebacks.
        orphans: Number of processes that were left.
        notes: What was wrong.
    """

    kind: str
    n: int | str
    well: int = 0
    lost: int = 0
    tracebacks: int = 0
    orphans: int = 0
    notes: tuple[str, ...] = ()


class Kill(NamedTuple):
    """One kill.

    Attributes:
        target: What was killed.
        signal: The signal.
        lost: Number of records of finished jobs that were lost.
        tracebacks: Number of new tracebacks.
        orphans: Number of processes that were left after the kill.
    """

    target: str
    signal: signal.Signals
    lost: int
    tracebacks: int
    orphans: int


def _victims(target: str, main: int) -> Iterator[int]:
    """Yield the ids of processes that can be killed at this moment; a group has a negative id."""
    if target in ("group", "Snakemake"):
        yield -main if target == "group" else main
    else:
        find = chaos_tier.jobs if target == "job" else chaos_tier.forks
        yield from (process.pid for process in find(main))


def _kill(process: "subprocess.Popen[bytes]", target: str, number: signal.Signals) -> bool:
    """Kill a process of a run as soon as there is one, and return whether there was one."""
    deadline = time.monotonic() + WAIT_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        victims = [*_victims(target, process.pid)]
        if victims:
            try:
                os.kill(victims[0], number)
            except ProcessLookupError:
                continue
            return True
        time.sleep(0.02)
    return False


def _killed_run(directory: Path, rng: Random) -> Kill | int | None:
    """Start a run and kill it at a random moment; return its exit status if it ended before."""
    forks_to_come = not (directory / chaos_tier.FORKING).exists()
    target = rng.choice(TARGETS if forks_to_come else TARGETS[:-1])
    number = rng.choice(SIGNALS)
    moment = rng.uniform(0.2, LATEST_SECONDS)
    tracebacks = chaos_tier.num_tracebacks(directory)
    process = chaos_tier.start(directory)
    time.sleep(moment)
    if not _kill(process, target, number):
        return chaos_tier.wait(process)
    before = chaos_tier.finished_records(directory)
    chaos_tier.wait(process)
    left = chaos_tier.remaining(directory)
    lost = sum(chaos_tier.stamp(path) != stamp for path, stamp in before.items())
    new = max(chaos_tier.num_tracebacks(directory) - tracebacks, 0)
    print(
        f"  {target} {number.name} after {moment:.1f} s: {lost} records lost, "
        f"{new} tracebacks, {len(left)} processes left",
        flush=True,
    )
    return Kill(target, number, lost, new, len(left))


def _cycle(directory: Path, rng: Random, most: int) -> tuple[list[Kill], list[str]]:
    """Kill runs until one ends; return the kills, and what was wrong at the end."""
    (directory / chaos_tier.OUTPUT).touch()
    chaos_tier.write_tier(directory, chaos_tier.tier())
    kills: list[Kill] = []
    records: dict[Path, chaos_tier.Stamp] = {}
    while len(kills) < most:
        end = _killed_run(directory, rng)
        if not isinstance(end, Kill):
            break
        kills.append(end)
        records |= chaos_tier.finished_records(directory)
    status = chaos_tier.run(directory)
    lost = sum(chaos_tier.stamp(path) != stamp for path, stamp in records.items())
    wrong = [f"exit status {status}"] * (status != 0) + [f"{lost} finished records lost"] * (
        lost > 0
    )
    return kills, wrong


def _leftovers(directory: Path, reference: Path) -> list[str]:
    """Return what a directory has at the end that it should not have."""
    tables = chaos_tier.differences(directory, reference)
    parts = chaos_tier.parts(directory)
    left = chaos_tier.remaining(directory)
    return (
        [f"other tables: {', '.join(tables)}"] * bool(tables)
        + [f"{len(parts)} temporary files"] * bool(parts)
        + [f"{len(left)} processes left: {left[0].cmdline()}" for _ in left[:1]]
    )


def _kill_rows(args: argparse.Namespace, folder: Path) -> list[Row]:
    """Carry out cycles of kills and return the figures by target and signal."""
    rows: dict[str, list[Row]] = {}
    index, num_kills = args.first, 0
    while num_kills < args.kills and (args.count is None or index < args.first + args.count):
        directory = folder / f"cycle{index}"
        directory.mkdir()
        rng = Random(f"{args.seed}/{index}")
        print(f"cycle {index}", flush=True)
        kills, wrong = _cycle(directory, rng, args.kills - num_kills)
        wrong += _leftovers(directory, folder / "undisturbed")
        notes = tuple(f"cycle {index}: {text}" for text in wrong)
        for kill in kills:
            kind = f"{kill.target} {kill.signal.name}"
            figures = kill[2:]
            well = int(not wrong and not any(figures))
            rows.setdefault(kind, []).append(Row(kind, 1, well, *figures, notes))
        print(f"  {'; '.join(wrong) or 'ended well'}", flush=True)
        num_kills += len(kills)
        index += 1
        _keep_if(bool(wrong) or any(any(kill[2:]) for kill in kills), directory, args.keep)
    return [_sum(rows[kind]) for kind in sorted(rows)]


def _sum(rows: list[Row]) -> Row:
    """Return the sum of the figures of rows of one kind."""
    notes = tuple(note for row in rows for note in row.notes)
    return Row(
        rows[0].kind,
        len(rows),
        sum(row.well for row in rows),
        sum(row.lost for row in rows),
        sum(row.tracebacks for row in rows),
        sum(row.orphans for row in rows),
        notes,
    )


def _keep_if(wrong: bool, directory: Path, keep: Path | None) -> None:
    """Remove a directory; first copy it if something was wrong there and a place is given."""
    if wrong and keep:
        shutil.copytree(directory, keep / directory.name, symlinks=True)
    shutil.rmtree(directory)


def _fault_row(name: str, folder: Path, keep: Path | None) -> Row:
    """Bring about a fault in a copy of the undisturbed run."""
    print(name, flush=True)
    directory = folder / name.replace(" ", "_")
    shutil.copytree(folder / "undisturbed", directory)
    (directory / chaos_tier.OUTPUT).write_text("")
    wrong: list[str] = []
    try:
        FAULTS[name](directory)
    except NotPossibleError as reason:
        return Row(name, f"not possible here: {reason}")
    except MissedError as reason:
        wrong = [str(reason)]
    wrong += _leftovers(directory, folder / "undisturbed")
    tracebacks = chaos_tier.num_tracebacks(directory)
    orphans = len(chaos_tier.processes(directory))
    well = int(not (wrong or tracebacks or orphans))
    _keep_if(not well, directory, keep)
    return Row(name, 1, well, 0, tracebacks, orphans, tuple(wrong))


def _run_undisturbed(directory: Path, keep: Path | None) -> None:
    """Run the tier once undisturbed."""
    chaos_tier.write_tier(directory, chaos_tier.tier())
    started = time.monotonic()
    if chaos_tier.run(directory) != 0:
        sys.exit(f"The undisturbed run failed:\n{chaos_tier.output(directory)}")
    print(f"undisturbed: {time.monotonic() - started:.0f} s", flush=True)
    if keep:
        shutil.copytree(directory, keep / directory.name, symlinks=True, dirs_exist_ok=True)


def _print_table(rows: list[Row]) -> None:
    header = ("disturbance", "n", "ended well", "lost results", "tracebacks", "orphans")
    lines = [header, *(tuple(map(str, row[:6])) for row in rows)]
    for kind, n, *figures in lines:
        text = " ".join(f"{figure:>12}" for figure in figures)
        print(f"{kind:<28}{n:>5} {text}" if len(n) <= 5 else f"{kind:<28}  {n}")
    for note in dict.fromkeys(note for row in rows for note in row.notes):
        print(note)


def main() -> None:
    interrupts.accept()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50, help="number of kills")
    parser.add_argument("--seed", type=int, default=0, help="seed of the kills")
    parser.add_argument("--first", type=int, default=0, help="number of the first cycle")
    parser.add_argument("--count", type=int, help="number of cycles")
    parser.add_argument("--only", nargs="*", choices=FAULTS, default=[*FAULTS], help="faults")
    parser.add_argument("--keep", type=Path, help="folder for the directories that went wrong")
    args = parser.parse_args()
    with TemporaryDirectory(prefix="chaos-") as name:
        folder = Path(name).resolve()
        _run_undisturbed(folder / "undisturbed", args.keep)
        rows = _kill_rows(args, folder)
        rows += [_fault_row(fault, folder, args.keep) for fault in args.only]
    _print_table(rows)
    sys.exit(any(row.n != row.well for row in rows if isinstance(row.n, int)))


if __name__ == "__main__":
    main()
