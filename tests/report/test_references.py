"""A committed reference fits the code: its columns, its verdicts and the origin of its figures."""

import json
from pathlib import Path

import pandas as pd
import pytest

from dirgrad.analysis.claims_table import COLUMNS, DETAIL_COLUMNS, EVIDENCE_COLUMNS
from dirgrad.analysis.table_columns import DECLARED
from dirgrad.records import origin
from support.hand_made_quantities import CLAIMS
from support.paths import ROOT

RESULTS = ROOT / "results" / "reference"
FIGURES = ROOT / "figures" / "reference"
TIERS = ("default", "sequences", "paper", "beyond", "gpu")
JUDGED = ("default", "sequences", "paper", "beyond")
OF_BEYOND = {
    "activities_have_less_noise",
    "activities_need_fewer_steps",
    "curvature_needs_fewer_steps",
    "forward_mode_needs_few_times_the_steps",
    "immediate_derivatives_suffice",
    "immediate_derivatives_suffice_online",
    "local_guess_beats_random_directions",
    "local_losses_need_fewer_steps",
    "telescoping_is_unbiased",
}
NOT_RUN: dict[str, set[str]] = {
    "default": OF_BEYOND
    | {
        "checkpointing_holds_less_along_sequences",
        "checkpointing_takes_less_time_along_sequences",
        "memory_along_an_approximate_gradient_is_constant_in_length",
        "memory_is_constant_in_length",
    },
    "beyond": set(CLAIMS)
    - OF_BEYOND
    - {
        "a_step_is_cheaper_than_backprop",
        "exact_is_unbiased",
        "low_loss_is_not_performance",
        "more_steps_than_backprop",
        "rate_is_a_hundredth",
        "seconds_at_own_best_rate",
    },
    "sequences": set(CLAIMS)
    - {
        "approximate_gradients_beat_random_directions",
        "checkpointing_holds_less_along_sequences",
        "checkpointing_takes_less_time_along_sequences",
        "descent_along_the_diagonal_gradient_beats_it",
        "descent_along_the_truncated_gradient_beats_it",
        "descent_repairs_the_sign",
        "memory_along_an_approximate_gradient_is_constant_in_length",
        "memory_is_constant_in_length",
    },
    "paper": set(CLAIMS)
    - {
        "a_step_is_cheaper_than_backprop",
        "approximate_gradients_beat_random_directions",
        "checkpointing_holds_less_than_a_forward_gradient",
        "checkpointing_holds_less_than_along_outer_products",
        "checkpointing_takes_less_time_than_a_forward_gradient",
        "checkpointing_takes_less_time_than_along_outer_products",
        "descent_along_the_diagonal_gradient_beats_it",
        "descent_along_the_truncated_gradient_beats_it",
        "exact_is_unbiased",
        "forward_factor_is_smaller",
        "kurtosis_of_a_coordinate",
        "largest_rate_is_a_hundredth",
        "loss_at_equal_iterations",
        "losses_of_the_paper_come_out",
        "low_loss_is_not_performance",
        "memory_is_alike",
        "memory_is_constant_in_depth",
        "memory_is_smaller",
        "more_steps_than_backprop",
        "noise_grows_with_dimension",
        "one_push_multiplies_as_one_pull",
        "rank_one_trains_to_a_higher_loss",
        "rate_is_a_hundredth",
        "seconds_at_equal_rate",
        "seconds_at_own_best_rate",
        "thresholding_generalises",
        "time_to_lowest_loss_is_smaller",
        "time_to_nearly_lowest_loss_is_smaller",
        "times_of_the_paper_come_out",
        "variance_of_a_coordinate",
    },
}
"""Claims that a tier cannot judge, because it lacks their experiments or the paper's sizes."""
FILE_COLUMNS = {
    **{name: set(roles.file_columns()) for name, roles in DECLARED.items()},
    "claims": {*COLUMNS, *DETAIL_COLUMNS},
    "evidence": set(EVIDENCE_COLUMNS),
}


def csv_files(tier: str) -> list[Path]:
    """Return the tables of a reference that claims can read, and its verdicts."""
    files = (RESULTS / tier / "tables").glob("*.csv")
    return [file for file in files if file.stem in FILE_COLUMNS]


@pytest.mark.parametrize("tier", TIERS)
def test_the_columns_are_those_that_the_tables_declare(tier: str) -> None:
    files = csv_files(tier)
    assert files
    for file in files:
        assert set(pd.read_csv(file).columns) == FILE_COLUMNS[file.stem], file


@pytest.mark.parametrize("tier", JUDGED)
def test_a_tier_judges_every_claim_that_it_runs(tier: str) -> None:
    claims = pd.read_csv(RESULTS / tier / "tables" / "claims.csv").set_index("id")
    assert set(claims.index) == set(CLAIMS)
    not_run = claims.index[claims["verdict"] == "not run in this tier"]
    assert set(not_run) == NOT_RUN[tier]


@pytest.mark.parametrize("tier", TIERS)
def test_every_figure_states_its_origin_and_belongs_to_the_run(tier: str) -> None:
    figures = list((FIGURES / tier).glob("*.png"))
    assert figures
    run = RESULTS / tier / "manifest.json"
    commits = set(json.loads(run.read_text(encoding="utf-8"))["commit"])
    for figure in figures:
        assert set(origin.read(figure)["commit"].split(", ")) <= commits, figure
