"""Why a document is held: codes, sentences for a bookkeeper, remedies, in the languages of Belgian bookkeepers.

The codes are part of the manifests, so one is never renamed or given another meaning. ``docs/reasons.md`` explains
each at length. The texts are in `english`, `dutch` and `french`, the same keys in each.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Literal, get_args

from robaws_pipeline.reasons import dutch, english, french

Language = Literal["nl", "fr", "en"]
"""ISO 639-1 code of a language that the files for people can be in."""

Task = Literal["in Robaws", "in the settings", "at the accountant"]
"""Where the remedy lies."""

LANGUAGES: tuple[Language, ...] = get_args(Language)
_LANGUAGES: Mapping[Language, ModuleType] = {"en": english, "nl": dutch, "fr": french}


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason: its code, a sentence with ``{detail}`` for figures or names, what to do, and where."""

    code: str
    sentence: str
    remedy: str
    task: Task


_TASKS: Mapping[str, Task] = {
    "unreadable": "in Robaws",
    "number_unreadable": "in Robaws",
    "unknown_type": "in Robaws",
    "date_missing": "in Robaws",
    "period_closed": "in Robaws",
    "total_missing": "in Robaws",
    "amount_too_large": "in Robaws",
    "negative_total": "in Robaws",
    "currency_not_eur": "at the accountant",
    "party_missing": "in Robaws",
    "no_lines": "in Robaws",
    "line_amount_missing": "in Robaws",
    "tariff_missing": "in Robaws",
    "tariff_unmapped": "in the settings",
    "margin_scheme": "in the settings",
    "self_assessed_rate_missing": "in the settings",
    "tariff_rate_differs": "in the settings",
    "account_missing": "in Robaws",
    "account_unknown": "in Robaws",
    "reverse_charge_without_vat_number": "in Robaws",
    "net_differs": "in Robaws",
    "vat_differs": "in Robaws",
    "gross_differs": "in Robaws",
}
"""Every code, in the order in which a document lists its reasons."""

_BY_LANGUAGE: Mapping[Language, Mapping[str, Reason]] = {
    language: {
        code: Reason(code, sentence, remedy, task)
        for code, task in _TASKS.items()
        for sentence, remedy in (texts.TEXTS[code],)
    }
    for language, texts in _LANGUAGES.items()
}

REASONS: Mapping[str, Reason] = _BY_LANGUAGE["en"]
"""Every reason of the books by code, in the order in which a document lists them; in English."""

_NO_DETAIL: Mapping[Language, str] = {"en": "no detail given", "nl": "geen details", "fr": "sans détail"}


def lookup(code: str, language: Language = "en", own: Iterable[Reason] = ()) -> Reason:
    """The reason of a code: the books', else one of a format's `own`, which are in the language already.

    A code that nobody explained gets a sentence that says no more than the code and its detail.
    """
    found = _BY_LANGUAGE[language].get(code) or next((reason for reason in own if reason.code == code), None)
    return found or Reason(code, code.replace("_", " ") + ": {detail}.", "", "in Robaws")


def describe(code: str, detail: str | None, language: Language = "en", own: Iterable[Reason] = ()) -> str:
    """A sentence that tells a bookkeeper what is wrong, with the figures or names of `detail`; `own` as in `lookup`."""
    said = (detail or "").strip().rstrip(".") or _NO_DETAIL[language]
    return lookup(code, language, own).sentence.replace("{detail}", said)


def phrases(language: Language) -> Mapping[str, str]:
    """What the books make details of: templates whose braces are filled in order."""
    found: Mapping[str, str] = _LANGUAGES[language].PHRASES
    return found


def outside_the_books(case: Literal["no_date", "before", "after"], language: Language) -> tuple[str, str]:
    """Why a document is in no month of the books, and what to do: templates with {day}, {month}, {first}, {last}."""
    reason, remedy = _LANGUAGES[language].OUTSIDE[case]
    return reason, remedy
