"""The time and memory that a job asks for follow from recorded costs."""

from pathlib import Path

import pytest

from dirgrad.config import files, plan, recorded_costs
from dirgrad.config.job_resources import (
    PROCESS_MB,
    SAFETY_FACTOR,
    START_MINUTES,
    UNRECORDED_MB,
    UNRECORDED_MINUTES,
    megabytes,
    minutes,
)
from support.configuration import BASE, configured
from support.paths import ROOT

COST_COLUMNS = "step_seconds,compile_seconds,step_xla_temp_bytes,step_graph_temp_bytes"
TABLES = {
    "final": """experiment,backend,estimator,learning_rate,step_seconds,compile_seconds
beale,jax,backprop,0.1,0.5,60
beale,jax,backprop,0.2,0.25,60
beale,jax,gaussian,0.1,9.0,0
""",
    "cost": f"""cost,problem,backend,estimator,{COST_COLUMNS}
step,beale,jax,backprop,0.1,2.0,1000000,
step,rosenbrock,jax,backprop,0.2,3.0,2000000,
step,beale,jax,gaussian,,,,
""",
    "memory": """memory,problem,backend,estimator,parameter_bytes,resident_peak_bytes
held,beale,jax,backprop,1000000,9000000
held,beale,jax,inference,1000000,9000000
""",
}
BEALE = {"problems": {"beale": "beale"}, "estimators": ["backprop"]}
BOTH = {"estimators": ["backprop", "gaussian"]}
TRAINED = BOTH | {"problem": "beale", "optimizer": "sgd", "learning_rates": [0.1, 0.2]}
TRAINED |= {"steps": 100, "record_every": 10, "seeds": 3, "timeout_seconds": 360.0}
CONFIG = {
    "tier": "test",
    "backends": ["jax"],
    "estimators": {
        "backprop": {"kind": "backprop"},
        "gaussian": {"kind": "forward_gradient", "direction": "gaussian"},
    },
    "experiments": {"beale": TRAINED, "new": TRAINED},
    "cost": {
        "step": BEALE | BOTH | {"rounds": 10, "round_seconds": 0.5, "pieces": ["update"]},
        "new": BEALE,
    },
    "memory": {"held": BEALE, "new": BEALE | BOTH},
    "quality": {"new": BEALE},
    "stability": {"new": BEALE | {"rates": {"lowest": 0.1, "highest": 1.0, "per_decade": 1}}},
}


@pytest.fixture
def asked(tmp_path: Path) -> dict[str, tuple[int, int]]:
    """Return the minutes and megabytes of every job, by its path."""
    for name, text in TABLES.items():
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    recorded = recorded_costs.read(tmp_path)
    jobs = plan.jobs(configured(CONFIG)).values()
    return {job.path: (minutes(job, recorded), megabytes(job, recorded)) for job in jobs}


def test_recorded_times_count_with_the_factor_up_to_the_time_limit(
    asked: dict[str, tuple[int, int]],
) -> None:
    # Six trials of 100 steps of 0.5 s for backprop, beyond the limit of 360 s for the other.
    training = 300 + 60 + 360
    assert asked["training/beale/jax"][0] == START_MINUTES + SAFETY_FACTOR * training / 60
    # Ten rounds of 0.5 s and a step, then the compilation, for five programs of two estimators.
    cost = 5 * (10 * (0.5 + 0.3) + 5) + 5 * 10 * 0.5
    assert asked["cost/step/jax"][0] == START_MINUTES + SAFETY_FACTOR * cost / 60


def test_the_largest_recorded_memory_counts_with_the_factor(
    asked: dict[str, tuple[int, int]],
) -> None:
    assert asked["cost/step/jax"][1] == PROCESS_MB + SAFETY_FACTOR * 2
    assert asked["memory/held/jax"][1] == PROCESS_MB + SAFETY_FACTOR * 10


def test_a_job_with_an_unrecorded_estimator_or_kind_asks_for_the_default(
    asked: dict[str, tuple[int, int]],
) -> None:
    default = (UNRECORDED_MINUTES, UNRECORDED_MB)
    for kind in ("training", "cost", "memory", "quality", "stability"):
        assert asked[f"{kind}/new/jax"] == default
    assert asked["training/beale/jax"][1] == UNRECORDED_MB
    assert asked["memory/held/jax"][0] == UNRECORDED_MINUTES


@pytest.mark.parametrize("tier", ["default", "paper", "sequences", "beyond"])
def test_the_committed_reference_has_the_costs_of_its_tier(tier: str) -> None:
    recorded = recorded_costs.read(ROOT / "results" / "reference" / tier / "tables")
    assert recorded
    overlays = [] if tier == "default" else [files.read(ROOT / "config" / f"{tier}.yaml")]
    jobs = plan.jobs(configured(BASE, *overlays)).values()
    timed = [job for job in jobs if job.kind in ("training", "cost")]
    unknown = [job.path for job in timed if minutes(job, recorded) == UNRECORDED_MINUTES]
    assert unknown == []
