"""A killed run can be resumed, its jobs end with it, and two runs do not disturb each other."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from support.small_workflow import (
    BEALE,
    RESULTS,
    SNAKEMAKE,
    printed,
    run,
    small_config,
    snakemake,
    write_config,
)

HOLD_LOCK = """
import sys
from pathlib import Path
from dirgrad.records import run_lock
run_lock.acquire(Path(sys.argv[1]))
sys.stdin.read()
"""

INTERRUPTED_WHILE_PLANNING = """
import asyncio, os, signal
from snakemake.cli import main
from snakemake.dag import DAG
async def init(*_, **__):
    os.kill(os.getpid(), signal.SIGINT)
    await asyncio.sleep(60)
DAG.init = init
main()
"""


def kill_when_exists(path: Path, directory: Path, number: signal.Signals) -> None:
    """Start the workflow, kill Snakemake as soon as a file exists, and check that its jobs end."""
    process = subprocess.Popen(
        [*SNAKEMAKE, "--cores", "1"],
        cwd=directory,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 300
    while not path.exists() and time.monotonic() < deadline:
        time.sleep(0.2)
    exists = path.exists()
    jobs = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(number)
    process.wait(60)
    ended, left = psutil.wait_procs(jobs, timeout=10)
    for job in left:
        job.kill()
    assert exists
    assert ended
    # Where the kernel cannot end jobs with Snakemake, the next run ends them.
    assert not left or sys.platform != "linux"


@pytest.mark.slow
def test_a_killed_run_resumes_without_a_manual_step_and_keeps_finished_records(
    tmp_path: Path,
) -> None:
    long = BEALE | {"steps": 50_000_000, "record_every": 10_000, "learning_rates": [1e-5]}
    write_config(tmp_path, small_config(long=long))
    records = RESULTS / "records/training/beale/jax/trials.parquet"
    table = RESULTS / "tables/final.csv"
    first_run = snakemake("--cores", "1", str(records), "--resources", "mem=1", directory=tmp_path)
    assert first_run.returncode == 0, printed(first_run)
    assert "The requested files are complete (" in printed(first_run)
    # An option of the command line does not let training jobs run side by side.
    lines = printed(first_run).splitlines()
    (limits,) = [line for line in lines if line.startswith("Provided resources: ")]
    assert "timing" in limits
    finished_at = (tmp_path / records).stat().st_mtime_ns
    log = tmp_path / RESULTS / "logs/training/long/jax.log"
    kill_when_exists(log, tmp_path, signal.SIGINT)
    assert "Traceback" not in log.read_text(encoding="utf-8")
    log.unlink()
    kill_when_exists(log, tmp_path, signal.SIGKILL)
    part = tmp_path / RESULTS / ".part-of-a-killed-process"
    part.touch()

    write_config(tmp_path, small_config())
    resumed_run = snakemake("--cores", "1", str(table), directory=tmp_path)
    assert resumed_run.returncode == 0, resumed_run.stderr
    assert (tmp_path / records).stat().st_mtime_ns == finished_at
    assert (tmp_path / table).exists(), printed(resumed_run)
    assert not part.exists()


@pytest.mark.slow
def test_one_of_two_runs_at_once_says_that_the_other_is_at_work(tmp_path: Path) -> None:
    write_config(tmp_path, small_config())
    table = str(RESULTS / "tables/final.csv")
    program = [sys.executable, "-c", HOLD_LOCK, str(RESULTS)]
    with subprocess.Popen(program, cwd=tmp_path, stdin=subprocess.PIPE) as other:
        while not (tmp_path / RESULTS / ".lock").exists():
            time.sleep(0.05)
        refused = snakemake("--cores", "1", table, directory=tmp_path)
        planned = snakemake("--cores", "1", table, "--dry-run", directory=tmp_path)
        other.kill()
    (line,) = [line for line in refused.stderr.splitlines() if line.startswith("dirgrad: ")]
    assert f"{RESULTS}: another run is at work here (process {other.pid} on" in line
    assert refused.returncode == 2
    assert "Traceback" not in printed(refused)
    assert not (tmp_path / RESULTS / "records").exists()
    assert planned.returncode == 0


def test_an_interrupt_while_snakemake_plans_prints_no_traceback(tmp_path: Path) -> None:
    write_config(tmp_path, small_config())
    options = SNAKEMAKE[SNAKEMAKE.index("snakemake") + 1 :]
    program = [sys.executable, "-P", "-c", INTERRUPTED_WHILE_PLANNING, *options]
    interrupted = run(*program, "--cores", "1", directory=tmp_path)
    assert interrupted.returncode == -signal.SIGINT
    assert "Building DAG of jobs" in printed(interrupted)
    assert "Traceback" not in printed(interrupted)
