"""The registry of reasons and its documentation."""

import re
from pathlib import Path

import pytest

from robaws_pipeline.reasons import REASONS, describe, lookup

DOCUMENTATION = Path(__file__).parents[2] / "docs" / "reasons.md"


@pytest.mark.parametrize("code", REASONS)
def test_a_reason_is_a_sentence_with_its_detail_and_a_remedy(code: str) -> None:
    """held.csv shows these to a bookkeeper, who knows neither the code nor the program."""
    reason = REASONS[code]
    assert reason.code == code
    assert reason.sentence.count("{detail}") == 1
    assert describe(code, "lines 840.00, Robaws 850.00").endswith(".")
    assert "lines 840.00, Robaws 850.00" in describe(code, "lines 840.00, Robaws 850.00")
    assert reason.remedy.endswith(".")
    assert reason.task in {"in Robaws", "in the settings", "at the accountant"}


def test_every_reason_is_documented_and_nothing_else() -> None:
    """Who looks up a code must find it, with the same remedy as in the files."""
    text = DOCUMENTATION.read_text(encoding="utf-8")
    sections = re.findall(r"^## `(\w+)`$", text, re.MULTILINE)
    assert sections == list(REASONS)
    for code, section in zip(sections, re.split(r"^## ", text, flags=re.MULTILINE)[1:], strict=True):
        assert f"*Remedy ({REASONS[code].task}).* {REASONS[code].remedy}" in " ".join(section.split()), code


def test_text_that_robaws_users_typed_is_shown_as_typed() -> None:
    """A line called "{detail}" or "50 % {x}" must neither fail nor be filled in."""
    assert "line 1 '50 % {x} {detail}'" in describe("account_missing", "line 1 '50 % {x} {detail}'")


def test_a_format_of_somebody_elses_may_have_codes_of_its_own() -> None:
    """Formats plug in without touching the registry; their reasons are shown as they are."""
    assert describe("iban_missing", "supplier 'X'") == "iban missing: supplier 'X'."
    assert lookup("iban_missing").remedy == ""


@pytest.mark.parametrize("detail", [None, "", " "])
def test_a_reason_without_detail_is_still_a_sentence(detail: str | None) -> None:
    """The detail comes from data and may be empty."""
    assert describe("unreadable", detail) == "Robaws sent something that cannot be read: no detail given."
