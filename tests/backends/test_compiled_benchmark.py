"""The comparison of traced and compiled steps measures what the benchmark's configuration has."""

import importlib.util
from pathlib import Path
from types import ModuleType

from dirgrad.config import plan, validation

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def load_script() -> ModuleType:
    """Import `benchmarks/compiled.py`, which is not part of the package."""
    spec = importlib.util.spec_from_file_location("compiled", BENCHMARKS / "compiled.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_measurements_have_the_estimators_and_problems_of_the_script() -> None:
    script = load_script()
    config = validation.load([BENCHMARKS / "bench.yaml"])
    jobs = [plan.job(config, f"cost/{name}/torch") for name in ("steps", "steps_large")]
    assert all(set(script.ESTIMATORS) <= job.estimators.keys() for job in jobs)
    assert set(script.PROBLEMS) <= jobs[0].settings.problems.keys()
