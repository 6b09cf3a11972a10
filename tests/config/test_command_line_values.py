"""Snakemake passes values of `--config` as text; they are read where an option wants no text."""

from typing import Any

import pytest

from dirgrad.config import files, plan, validation
from dirgrad.core.errors import UserError
from support.configuration import BASE


def with_command_line(values: dict[str, Any]) -> Any:
    return validation.check({"base.yaml": BASE, files.COMMAND_LINE: values})


@pytest.mark.parametrize(
    ("texts", "values"),
    [
        ({"experiments": {"mlp": {"seeds": "3"}}}, {"experiments": {"mlp": {"seeds": 3}}}),
        ({"run": {"exclusive": "false"}}, {"run": {"exclusive": False}}),
        ({"statistics": {"confidence": "9e-1"}}, {"statistics": {"confidence": 0.9}}),
        (
            {"experiments": {"beale": {"learning_rates": ["0.02"]}}},
            {"experiments": {"beale": {"learning_rates": [0.02]}}},
        ),
        ({"experiments": {"beale": "null"}}, {"experiments": {"beale": None}}),
        ({"quality": "null"}, {"quality": None}),
        ({"experiments": {"mlp": {"lanes": "4"}}}, {"experiments": {"mlp": {"lanes": 4}}}),
        ({"experiments": {"mlp": {"lanes": "all"}}}, {"experiments": {"mlp": {"lanes": "all"}}}),
        (
            {"estimators": {"finite_difference_forward": {"eps": "1e-3"}}},
            {"estimators": {"finite_difference_forward": {"eps": 1e-3}}},
        ),
        (
            {
                "experiments": {
                    "mlp": {
                        "problem": {
                            "hidden": ["8", "9"],
                            "dataset": {"kind": "digits", "side": "28"},
                        }
                    }
                }
            },
            {
                "experiments": {
                    "mlp": {
                        "problem": {"hidden": [8, 9], "dataset": {"kind": "digits", "side": 28}}
                    }
                }
            },
        ),
    ],
)
def test_a_text_is_read_as_the_type_of_its_option(
    texts: dict[str, Any], values: dict[str, Any]
) -> None:
    expected = with_command_line(values)
    assert with_command_line(texts) == expected
    _, typed = validation.check_and_type({"base.yaml": BASE, files.COMMAND_LINE: texts})
    assert typed[files.COMMAND_LINE] == values
    assert plan.jobs(expected)


def test_a_text_stays_text_where_the_option_is_a_text() -> None:
    assert with_command_line({"run": {"data_directory": "2024"}}).run.data_directory == "2024"


def test_a_file_is_read_strictly() -> None:
    with pytest.raises(UserError, match="got '3': remove the quotation marks"):
        validation.check({"base.yaml": BASE, "over.yaml": {"run": {"threads": "3"}}})


@pytest.mark.parametrize("text", ["three", "-3", "2.5", ""])
def test_a_text_that_does_not_fit_is_reported_for_the_command_line(text: str) -> None:
    with pytest.raises(UserError, match=r"^the command line: run\.threads: expected a "):
        with_command_line({"run": {"threads": text}})


def test_a_mistake_is_never_reported_for_an_empty_command_line() -> None:
    with pytest.raises(UserError) as error:
        validation.check({"base.yaml": {"tier": "x"}, files.COMMAND_LINE: {}})
    assert {line.split(": ")[0] for line in str(error.value).splitlines()} == {"base.yaml"}
