"""Tables and a manifest of a small run for the interactive page. Some names look like HTML."""

from typing import Any

import pandas as pd

from support.pages import CLAIMS, EVIDENCE

HOSTILE = "</script><img src=x onerror=alert(1)>"
"""A name that ends a script and loads a picture, unless it is escaped."""
METHODS = ("backprop", "forward_gradient")
STEPS = (0, 50, 100)


def _ends(low: float, value: float, high: float, name: str) -> dict[str, float]:
    return {name: value, f"{name}_low": low, f"{name}_high": high}


def curves() -> pd.DataFrame:
    """Return curves of two estimators in two frameworks; the loss halves every 50 steps."""
    rows = [
        {
            "experiment": "mlp",
            "backend": backend,
            "estimator": method,
            "stage": "final",
            "learning_rate": 0.1,
            "step": step,
            "n": 10,
            "train_seconds": step / 1000,
            **_ends(0.9 * loss, loss, 1.1 * loss, "loss"),
        }
        for backend in ("jax", "torch")
        for method in METHODS
        for step, loss in zip(STEPS, (4.0, 2.0, 1.0), strict=True)
    ]
    return pd.DataFrame(rows)


def final() -> pd.DataFrame:
    """Return the ends of the curves, and of an experiment with a hostile name."""
    rows = [
        {
            "experiment": experiment,
            "problem": experiment,
            "backend": backend,
            "estimator": method,
            "stage": "final",
            "learning_rate": 0.1,
            "batch_size": 8,
            "dimension": 20,
            "n_ok": 10,
            "evaluations": 100 * (1 + position),
            "best_rate": True,
            **_ends(0.9, 1.0 + position, 2.5, "final_loss"),
        }
        for experiment in ("mlp", HOSTILE)
        for backend in ("jax", "torch")
        for position, method in enumerate(METHODS)
    ]
    return pd.DataFrame(rows)


def cost() -> pd.DataFrame:
    """Return the memory of a step of the experiment `mlp`; PyTorch was not measured."""
    rows = [
        {
            "cost": "matrix",
            "problem": "mlp",
            "backend": "jax",
            "estimator": method,
            "batch_size": 8,
            "dimension": 20,
            "status": status,
            "n": 6,
            "step_xla_temp_bytes": 4096 * (1 + position),
            "step_graph_temp_bytes": None,
            **_ends(1.5, 2.0, 3.0, "step_over_forward"),
        }
        for position, method in enumerate(METHODS)
        for status in ("ok", "unsupported")
    ]
    return pd.DataFrame(rows)


def claims() -> pd.DataFrame:
    """Return two claims; the second was not measured."""
    return CLAIMS.assign(n=[6, None], at=["framework jax", None], tier="small")


def tables() -> dict[str, pd.DataFrame]:
    """Return all tables of the run by name."""
    return {
        "curves": curves(),
        "final": final(),
        "cost": cost(),
        "claims": claims(),
        "evidence": EVIDENCE.assign(n=[6, 2]),
    }


def manifest() -> dict[str, Any]:
    """Return the manifest of the run; the settings of `mlp` hold a hostile text."""
    jobs = {
        f"training/{name}/{backend}": {
            "records": f"results/small/records/training/{name}/{backend}",
            "run_id": f"run of {name} {backend}",
            "commit": "abc123",
            "started": "2026-01-01T00:00:00+00:00",
            "settings_hash": "5e77",
            "command": f"run training/{name}/{backend} --config c.json --out o",
        }
        for name in ("mlp", HOSTILE)
        for backend in ("jax", "torch")
    }
    return {
        "tier": "small",
        "run_id": "feedfeedfeed",
        "commit": ["abc123"],
        "config_hash": "c0ffee",
        "dirgrad": ["0.1.0"],
        **{name: ["unknown"] for name in ("python", "numpy", "device", "platform", "cpu")},
        "cpu_count": ["2"],
        "threads": 1,
        "exclusive": False,
        "trials_by_status": {"ok": 4},
        "training_seconds": 1.0,
        "config": {
            "statistics": {"confidence": 0.9},
            "estimators": {method: {"kind": method} for method in METHODS},
            "experiments": {"mlp": {"problem": HOSTILE, "steps": 100}},
        },
        "jobs": jobs,
    }
