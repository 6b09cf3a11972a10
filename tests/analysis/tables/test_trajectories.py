"""The table `trajectories` lists the parameters of problems with two parameters."""

from dirgrad.analysis.tables import trajectories
from support.hand_made_records import QUICK, curve_records, trial_records


def test_only_points_with_parameters_are_listed_even_if_their_trial_failed() -> None:
    records = {
        "trials": trial_records({"status": "diverged"}),
        "curves": curve_records({"theta_0": 1.0, "theta_1": 2.0}, {"step": 5}),
    }
    table = trajectories.make(records, QUICK)
    columns = ["step", "theta_0", "theta_1"]
    assert table[columns].to_numpy().tolist() == [[0.0, 1.0, 2.0]]
