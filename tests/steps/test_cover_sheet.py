"""The cover sheet speaks the language of whoever reads it."""

import re
import string

import pytest
from accountant import folders, manifests
from deliveries_company import HAPPENINGS, delivering, exports, invoices, read_again
from steps_company import JOURNAL_ONLY, Loaded

from robaws_pipeline.deliveries.words import Words, dutch, english, french
from robaws_pipeline.reasons import LANGUAGES, Language
from robaws_pipeline.steps.deliver import deliver, withdraw
from robaws_pipeline.steps.deliveries import redo, verify_deliveries

WORDS = {"en": english.WORDS, "nl": dutch.WORDS, "fr": french.WORDS}


def _braces(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_text_with_the_same_figures(language: Language) -> None:
    """A missing word stops a delivery, and a missing figure is one that nobody checks."""
    assert WORDS[language].keys() == english.WORDS.keys()
    assert {key: _braces(text) for key, text in WORDS[language].items()} == {
        key: _braces(text) for key, text in english.WORDS.items()
    }
    assert len(WORDS[language]["months"].split()) == 12


def test_amounts_days_and_months_are_written_as_the_language_writes_them() -> None:
    """1.234 is a thousand and a bit in Ghent and little more than one in London."""
    shown = {
        language: (words.amount("-1234567.80"), words.day("2026-10-05"), words.month("2026-10"))
        for language in LANGUAGES
        for words in [Words(language)]
    }
    assert shown == {
        "nl": ("-1.234.567,80", "05/10/2026", "oktober 2026"),
        "fr": ("-1\u202f234\u202f567,80", "05/10/2026", "octobre 2026"),
        "en": ("-1,234,567.80", "2026-10-05", "October 2026"),
    }


def _said(page: str) -> str:
    return " ".join(re.sub(r"<style>.*</style>|<[^>]+>", " ", page, flags=re.DOTALL).split())


@pytest.mark.parametrize(("language", "changes"), [("nl", "report"), ("fr", "reverse")])
def test_nothing_on_the_sheet_is_in_another_language(acme: Loaded, language: Language, changes: str) -> None:
    """Half a sheet in English makes an accountant doubt the other half."""
    workspace = delivering(acme, changes, formats=f'{JOURNAL_ONLY}\nlanguage = "{language}"')
    deliver(workspace)
    for (deed, _, _), record in zip(HAPPENINGS.values(), invoices(acme), strict=False):
        deed(acme, record)
    read_again(workspace)
    deliver(workspace)
    withdraw(workspace, 2, "?")
    strange = {
        text
        for key, text in english.WORDS.items()
        if len(text) > 5 and not _braces(text) and text not in WORDS[language].values() and key != "months"
    } - {"journal"}  # the name of the format
    for folder in folders(exports(acme)):
        page = (folder / "cover.html").read_text(encoding="utf-8")
        assert f'<html lang="{language}">' in page
        said = _said(page)
        assert not [text for text in strange if re.search(rf"\b{re.escape(text)}\b", said)], said
        assert not re.search(r"\d{4}-\d\d-\d\d|\d\.\d\d\b(?!/)", said), said
    assert {one["action"] for one in manifests(exports(acme))[1]["documents"]} == {"changed", "removed"}


def test_a_withdrawal_is_made_again_in_the_words_of_its_day(acme: Loaded) -> None:
    """Settings change; what was sent does not."""
    workspace = delivering(acme, formats=f'{JOURNAL_ONLY}\nlanguage = "nl"')
    deliver(workspace)
    withdraw(workspace, 1)
    sheet = folders(exports(acme))[1] / "cover.html"
    before = sheet.read_bytes()
    sheet.unlink()
    other = delivering(acme, more='contact = "An"', formats=f'{JOURNAL_ONLY}\nlanguage = "fr"')
    assert redo(other, 2).mended == ["cover.html"]
    assert sheet.read_bytes() == before
    assert verify_deliveries(other) == []
