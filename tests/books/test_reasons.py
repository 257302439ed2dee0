"""The registry of reasons and its documentation."""

import re
from pathlib import Path
from types import ModuleType
from typing import get_args

import pytest

from robaws_pipeline.reasons import REASONS, Language, describe, dutch, english, french, lookup, phrases

DOCUMENTATION = Path(__file__).parents[2] / "docs" / "reasons.md"


LANGUAGES: tuple[Language, ...] = get_args(Language)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", REASONS)
def test_a_reason_is_a_sentence_with_its_detail_and_a_remedy(code: str, language: Language) -> None:
    """held.csv shows these to a bookkeeper, who knows neither the code nor the program."""
    reason = lookup(code, language)
    assert reason.code == code
    assert reason.sentence.count("{detail}") == 1
    assert describe(code, "lines 840.00, Robaws 850.00", language).endswith(".")
    assert "lines 840.00, Robaws 850.00" in describe(code, "lines 840.00, Robaws 850.00", language)
    assert reason.remedy.endswith(".")
    assert reason.task == REASONS[code].task


@pytest.mark.parametrize("texts", [dutch, french])
def test_each_language_says_the_same_things(texts: ModuleType) -> None:
    """A sentence that one language lacks would stop the books of a company that reads it."""
    assert list(texts.TEXTS) == list(english.TEXTS)
    assert list(texts.OUTSIDE) == list(english.OUTSIDE)
    assert {key: text.count("{}") for key, text in texts.PHRASES.items()} == {
        key: text.count("{}") for key, text in english.PHRASES.items()
    }
    for own, theirs in ((texts.TEXTS, english.TEXTS), (texts.OUTSIDE, english.OUTSIDE)):
        for code, both in own.items():
            assert all(text != other for text, other in zip(both, theirs[code], strict=True)), code
            names = [set(re.findall(r"`[^`]+`|robaws\.toml|\{month\}", text)) for text in (both[1], theirs[code][1])]
            assert names[0] == names[1], code


@pytest.mark.parametrize("language", LANGUAGES)
def test_phrases_have_straight_quotes_around_typed_texts_only(language: Language) -> None:
    """The UI hides what stands between quotes, since it may name people: an elision must not count as one."""
    assert [
        text
        for text in phrases(language).values()
        if "'" in text.replace("'{}'", "").replace("r's number", "").replace("Robaws's", "")
    ] == []


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
    assert describe("unreadable", detail, "fr") == "Robaws a envoyé quelque chose d’illisible : sans détail."
