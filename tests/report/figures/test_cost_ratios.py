"""The figure `cost_ratios` warns of a noisy machine."""

from dirgrad.report.figures import cost_ratios
from support import hand_made_measurements as measurements


def test_the_title_warns_only_of_a_noisy_machine() -> None:
    noisy = cost_ratios.draw({"cost": measurements.cost_ratios(0.31)}, "growth")
    quiet = cost_ratios.draw({"cost": measurements.cost_ratios()}, "growth")
    assert "NOISY MACHINE: other processes used 31%" in noisy.get_suptitle()
    assert "NOISY" not in quiet.get_suptitle()
