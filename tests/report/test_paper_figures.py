"""The figures of papers and of instruments from hand-made tables: what they say, and that they are the same each time."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from dirgrad.report.figures import (
    candidates,
    cost_by_depth,
    cost_by_length,
    cost_ratios,
    descents,
    differences,
    equal_rate,
    evaluations_to_target,
    influence_balancing,
    largest_rate,
    learning,
    memory_by_depth,
    memory_timeline,
    moments,
    own_best_rate,
    sampled_gradients,
    sensitivity,
    snr_by_direction,
    snr_growth,
    sources_of_noise,
    style,
    time_and_memory_by_depth,
)

BACKENDS = ("jax", "torch")
BOTH = ("backprop", "forward_gradient")


@pytest.fixture(autouse=True)
def _styled() -> Iterator[None]:
    with style.figure_style(0.95):
        yield


def bounded(name: str, value: float) -> dict[str, float]:
    return {name: value, f"{name}_low": 0.9 * value, f"{name}_high": 1.2 * value}


def curves() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "experiment": e,
            "backend": b,
            "estimator": name,
            "stage": "final",
            "learning_rate": rate,
            "step": step,
            "n": 7,
        }
        | bounded("loss", 1 / (1 + step))
        | bounded("valid_loss", 2 / (1 + step))
        | {"train_seconds": 0.1 * step}
        for e in ("beale", "rosenbrock", "mlp")
        for b in BACKENDS
        for name in BOTH
        for rate in (0.1, 0.2)
        for step in (0, 5, 10)
    )


def times() -> pd.DataFrame:
    rows = [
        {
            "problem": "mlp",
            "backend": b,
            "learning_rate": rate,
            "quantity": quantity,
            "value": value,
        }
        for b in BACKENDS
        for rate, reached in ((0.1, 0.5), (0.2, np.nan))
        for quantity, value in (("T_f_seconds", reached), ("T_b_seconds", 1.0))
    ]
    return pd.DataFrame(rows)


def paths() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "experiment": e,
            "backend": b,
            "estimator": name,
            "seed": seed,
            "step": step,
            "theta_0": 0.1 * step,
            "theta_1": 0.1 * seed,
        }
        for e in ("beale", "rosenbrock")
        for b in BACKENDS
        for name in BOTH
        for seed in range(3)
        for step in (0, 5, 10)
    )


def landscape() -> pd.DataFrame:
    grid = [
        (e, x, y)
        for e in ("beale", "rosenbrock")
        for x in (-1.0, 0.0, 1.0)
        for y in (-1.0, 0.5, 1.0)
    ]
    return pd.DataFrame(
        {"experiment": e, "theta_0": x, "theta_1": y, "loss": x * x + y * y} for e, x, y in grid
    )


def subject(name: str) -> list[dict[str, object]]:
    return [
        {
            name: "growth",
            "backend": b,
            "estimator": e,
            "depth": n,
            "dimension": 10**n,
            "batch_size": 64,
        }
        | {"problem": f"mlp_{n}", "problem_kind": "mlp"}
        for b in BACKENDS
        for e in BOTH
        for n in (1, 2, 3)
    ]


def coordinates() -> pd.DataFrame:
    return pd.DataFrame(
        row
        | {
            "coordinate": i,
            "gradient": 0.1 * i,
            "gradient_norm": 1.0,
            "variance": 1.0,
            "kurtosis": 9.0,
        }
        | {"variance_theory": 1.1 + 0.01 * i, "kurtosis_theory": 9.1}
        for row in subject("quality")
        for i in (0, 1)
    )


def tuned() -> pd.DataFrame:
    rows = [
        (b, e, stage, rate)
        for b in BACKENDS
        for e in BOTH
        for stage, rate in (("tuning", 0.1), ("tuning", 0.2), ("final", 0.1))
    ]
    return pd.DataFrame(
        {
            "experiment": "mlp",
            "backend": b,
            "estimator": e,
            "optimizer": "sgd",
            "stage": stage,
            "learning_rate": rate,
        }
        | {"n_ok": 3 if rate == 0.1 else 1, "n_seeds": 3, "best_rate": stage == "final"}
        | bounded("valid_loss", rate)
        | bounded("final_loss", rate)
        for b, e, stage, rate in rows
    )


def compared() -> dict[str, pd.DataFrame]:
    rows = [
        {"experiment": x, "backend": b, "estimator": e, "n": 5}
        for x in ("mlp_sgd", "mlp_adam")
        for b in BACKENDS
        for e in BOTH
    ]
    reached = [row | {"n_reached": 5 if row["experiment"] == "mlp_sgd" else 2} for row in rows]
    ratio = [
        bounded("steps_over_backprop", 30.0 if row["n_reached"] == 5 else np.nan) for row in reached
    ]
    equal = [row | bounded("difference", -0.01) for row in rows if row["estimator"] != "backprop"]
    return {
        "targets": pd.DataFrame([a | b for a, b in zip(reached, ratio, strict=True)]),
        "equal_loss": pd.DataFrame(equal),
    }


RULES = ("sgd", "hard_thresholding")


def thresholded() -> dict[str, pd.DataFrame]:
    """Thresholded, differences reach their target in two of five trials at the last dimension."""
    rows = [
        {
            "experiment": f"{rule}_{d}",
            "backend": b,
            "estimator": e,
            "optimizer": rule,
            "dimension": d,
        }
        for b in BACKENDS
        for rule in RULES
        for e in ("forward_gradient", "finite_difference")
        for d in (50, 500)
    ]
    lost = [
        row["optimizer"] != "sgd"
        and row["estimator"] == "finite_difference"
        and row["dimension"] == 500
        for row in rows
    ]
    final = [
        row | {"estimator_kind": row["estimator"], "best_rate": True, "evaluations": 4000}
        for row in rows
    ]
    reached = [
        {key: value for key, value in row.items() if key != "dimension"}
        | {"target_loss": 0.02, "n": 5, "n_reached": 2 if unreached else 5}
        | bounded("evaluations_to_target", np.nan if unreached else 100.0)
        for row, unreached in zip(rows, lost, strict=True)
    ]
    slopes = [
        {"backend": b, "optimizer": rule, "estimator": "forward_gradient"} | bounded("slope", 1.0)
        for b in BACKENDS
        for rule in RULES
    ]
    return {
        "final": pd.DataFrame(final),
        "targets": pd.DataFrame(reached),
        "scaling": pd.DataFrame(slopes),
    }


def stability() -> pd.DataFrame:
    rows = [
        row | {"steps": 200, "n_seeds": 3, "stable_rate": 0.1, "stable_rate_theory": 0.15}
        for row in subject("stability")
    ]
    return pd.DataFrame(
        row | {"unstable_rate": np.nan if row["depth"] == 1 else 0.2} for row in rows
    )


def balanced() -> pd.DataFrame:
    names = (
        "backprop",
        *(f"{side}_{window}" for side in influence_balancing.SIDES for window in (1, 10)),
    )
    return pd.DataFrame(
        {
            "experiment": "influence_balancing",
            "backend": b,
            "estimator": e,
            "step": step,
            "n": 1,
            "loss": 1.0 + step,
        }
        for b in BACKENDS
        for e in names
        for step in (0, 5)
    )


def along() -> pd.DataFrame:
    rows = [
        row | {"after_steps": after, "draws": 200}
        for row in subject("quality")
        for after in (0, 100)
    ]
    return pd.DataFrame(
        row
        | {"variance": 0.0 if row["estimator"] == "backprop" else 2.0}
        | bounded("cosine", 0.5)
        | bounded("squared_bias", 0.1)
        for row in rows
    )


def long() -> pd.DataFrame:
    taken = {
        f"{part}_{account}": 2048.0
        for part in ("forward", "step")
        for account, _ in cost_by_length.BYTES.values()
    }
    return pd.DataFrame(
        row
        | {"length": row["dimension"], "n": 5, "observation_bytes": 512}
        | taken
        | bounded("step_over_forward", 3.0)
        for row in subject("cost")
    )


def stepped() -> pd.DataFrame:
    return pd.DataFrame(
        row
        | {"draws": 200, "eps": eps, "dtype": dtype, "difference_error_theory": eps}
        | bounded("difference_error", eps)
        for row in subject("quality")
        for eps in (0.1, 0.01)
        for dtype in ("float32", "float64")
    )


def sourced() -> pd.DataFrame:
    return pd.DataFrame(
        row
        | {"draws": 400, "minibatches": 8, "after_steps": after}
        | bounded("direction_variance", 9.0)
        | bounded("minibatch_variance", 2.0)
        for row in subject("quality")
        for after in (0, 10)
    )


def held() -> pd.DataFrame:
    exact = {"n": 3, "xla_temp_bytes": 2.0**21, "saved_bytes": 2.0**20}
    named = [
        row | {"estimator": name}
        for row in subject("memory")
        for name in ("inference", row["estimator"])
    ]
    return pd.DataFrame(row | exact | bounded("resident_peak_bytes", 2.0**22) for row in named)


def timed(others: float = 0.01) -> pd.DataFrame:
    facts = {
        "n": 10,
        "flop_bound_over_forward": 2.5,
        "other_cpu_fraction": others,
        "timing_noise_low": 0.98,
        "timing_noise_high": 1.03,
    }
    return pd.DataFrame(
        row | facts | bounded("gradient_over_forward", 3.0) | bounded("step_over_forward", 4.0)
        for row in subject("cost")
    )


def watched() -> pd.DataFrame:
    return held().merge(
        pd.DataFrame({"seconds": [-1.0, 0.0, 1.0], "resident_bytes": [2.0**27, 2.0**28, 2.0**28]}),
        how="cross",
    )


def signals() -> pd.DataFrame:
    facts = {
        "direction": "gaussian",
        "num_directions": 1,
        "draws": 400,
        "snr_theory": 0.1,
        "snr_z": -1.5,
    }
    return pd.DataFrame(row | facts | bounded("snr", 0.1) for row in subject("quality"))


FIGURES: dict[str, tuple[Callable[[], Figure], str]] = {
    "equal_rate": (
        lambda: equal_rate.draw({"curves": curves(), "baydin": times()}, "mlp"),
        "n = 7 seeds",
    ),
    "descents": (
        lambda: descents.draw(
            {"curves": curves(), "trajectories": paths(), "landscape": landscape()},
            "beale",
            "rosenbrock",
        ),
        "n = 7 runs",
    ),
    "sampled_gradients": (
        lambda: sampled_gradients.draw(
            {
                "estimates": pd.DataFrame(
                    {
                        "quality": "growth",
                        "backend": b,
                        "estimator": "forward_gradient",
                        "estimate_0": x,
                        "estimate_1": 1.0,
                    }
                    for b in BACKENDS
                    for x in range(40)
                ),
                "coordinates": coordinates().query("problem == 'mlp_1'"),
            },
            "growth",
        ),
        "n = 40 forward gradients",
    ),
    "time_and_memory_by_depth": (
        lambda: time_and_memory_by_depth.draw(
            {
                "cost": pd.DataFrame(
                    r
                    | {"n": 10}
                    | bounded("gradient_seconds", 1.0)
                    | bounded("forward_seconds", 0.5)
                    for r in subject("cost")
                ),
                "memory": held(),
            },
            "growth",
        ),
        "n = 10 rounds",
    ),
    "moments": (
        lambda: moments.draw(
            {
                "quality": pd.DataFrame(
                    r | {"draws": 500, "snr_theory": 0.1} | bounded("snr", 0.1)
                    for r in subject("quality")
                ),
                "coordinates": coordinates(),
            },
            "growth",
        ),
        "n = 500 forward gradients",
    ),
    "learning": (lambda: learning.draw({"curves": curves()}, "mlp", "beale"), "n = 7 seeds"),
    "influence_balancing": (
        lambda: influence_balancing.draw({"curves": balanced()}, "influence_balancing"),
        "n = 1",
    ),
    "candidates": (lambda: candidates.draw({"quality": along()}, "growth"), "n = 200 estimates"),
    "cost_by_length": (lambda: cost_by_length.draw({"cost": long()}, "growth"), "n = 5 rounds"),
    "differences": (
        lambda: differences.draw({"quality": stepped()}, "growth"),
        "n = 200 directions",
    ),
    "sources_of_noise": (
        lambda: sources_of_noise.draw({"quality": sourced()}, "growth"),
        "n = 400 estimates on 8 minibatches",
    ),
    "snr_by_direction": (
        lambda: snr_by_direction.draw({"quality": signals()}, "growth"),
        "worst residual 1.5 standard errors",
    ),
    "snr_growth": (
        lambda: snr_growth.draw({"quality": signals()}, "growth", "growth"),
        "worst residual 1.5 standard errors",
    ),
    "cost_ratios": (lambda: cost_ratios.draw({"cost": timed()}, "growth"), "n = 10 rounds"),
    "cost_by_depth": (lambda: cost_by_depth.draw({"cost": timed()}, "growth"), "n = 10 rounds"),
    "memory_by_depth": (
        lambda: memory_by_depth.draw({"memory": held()}, "growth"),
        "n = 3 processes",
    ),
    "memory_timeline": (
        lambda: memory_timeline.draw({"timeline": watched()}, "growth"),
        "n = 1 process",
    ),
    "largest_rate": (
        lambda: largest_rate.draw({"stability": stability()}, "growth"),
        "n = 3 of 3 trials",
    ),
    "sensitivity": (lambda: sensitivity.draw({"final": tuned()}, "mlp"), "n = 3 seeds"),
    "own_best_rate": (lambda: own_best_rate.draw(compared()), "n = 5 fresh seeds"),
    "evaluations_to_target": (
        lambda: evaluations_to_target.draw(
            thresholded(), *(f"{rule}_{d}" for rule in RULES for d in (50, 500))
        ),
        "n = 5 seeds",
    ),
}


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_says_its_n_names_its_axes_and_has_a_panel_per_framework(name: str) -> None:
    draw, count = FIGURES[name]
    made = draw()
    made.draw_without_rendering()
    assert count in made.get_suptitle()
    assert "nan" not in made.get_suptitle()
    assert all(axes.get_xlabel() for axes in made.axes)
    titles = " ".join(axes.get_title() for axes in made.axes)
    assert "JAX" in titles
    assert "PyTorch" in titles
    assert "interval" in made.get_suptitle()
    assert "n = " in made.get_suptitle() or name == "signal"


def test_of_a_candidate_only_a_bias_that_is_seen_is_drawn() -> None:
    seen = along()
    seen.loc[seen["estimator"] == "forward_gradient", "squared_bias_low"] = -0.1
    made = candidates.draw({"quality": seen}, "growth")
    bias = [line for line in made.axes[1].get_lines() if len(line.get_xdata())]
    assert [line.get_label() for line in bias] == ["backprop"]


def test_a_noisy_machine_is_told_of() -> None:
    assert (
        "NOISY MACHINE: others took 31%"
        in cost_ratios.draw({"cost": timed(0.31)}, "growth").get_suptitle()
    )
    assert "NOISY" not in cost_ratios.draw({"cost": timed()}, "growth").get_suptitle()


@pytest.mark.parametrize("name", ["race", "arrows"])
def test_the_same_tables_give_the_same_bytes(name: str, tmp_path: Path) -> None:
    for directory in ("one", "two"):
        style.save(FIGURES[name][0](), tmp_path / directory / "made", "{}")
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes(), path.name


def legends(made: Figure) -> list[str]:
    return [
        text.get_text()
        for axes in made.axes
        if axes.get_legend()
        for text in axes.get_legend().get_texts()
    ]


def test_the_times_of_a_race_are_told_and_so_is_that_one_was_not_reached() -> None:
    told = legends(FIGURES["race"][0]())
    assert told.count("T_f = 0.5 s") == 2
    assert told.count("T_f not reached by all") == 2
    assert told.count("T_b = 1 s") == 4


def test_what_did_not_reach_its_target_is_said() -> None:
    made = FIGURES["fair"][0]()
    texts = [text.get_text() for axes in made.axes for text in axes.texts]
    assert texts.count("forward gradient: reached by 2 of 5") == 2


def test_trials_that_did_not_reach_the_target_are_counted_where_they_ended() -> None:
    made = FIGURES["queries"][0]()
    for axes in made.axes:
        (text,) = axes.texts
        assert (text.get_text(), text.xy) == ("2 of 5", (500, 4000))
    told = [text.get_text() for text in made.legends[0].get_texts()]
    assert "hard thresholding, forward gradient: d^1.00 [0.90, 1.20]" in told
    assert "hard thresholding, finite difference" in told
    assert sum("guide" in text for text in told) == 2


def test_a_rate_at_which_a_trial_failed_ends_the_line() -> None:
    made = FIGURES["sensitivity"][0]()
    assert all(list(line.get_xdata()) == [0.1] for line in made.axes[0].get_lines())
