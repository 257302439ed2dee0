"""Lists of documents that an accountant does not get: held.csv of each month, and outside.csv beside the months.

For people, so headers, kinds and types are in the company's language; the code never changes.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from robaws_pipeline.formats.spreadsheet import Columns
from robaws_pipeline.reasons import Language
from robaws_pipeline.schema import MONEY

_TEXTS = ("collection", "number", "id", "type", "date", "party")
_AMOUNTS = ("net", "vat", "gross")

_WORDS: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "collection": "collection",
        "number": "number",
        "id": "id",
        "type": "type",
        "date": "date",
        "party": "party",
        "net": "net",
        "vat": "vat",
        "gross": "gross",
        "where": "where",
        "reason": "reason",
        "what_to_do": "what_to_do",
        "code": "code",
        "everywhere": "all formats",
        "sales": "sales",
        "purchases": "purchases",
        "INVOICE": "INVOICE",
        "CREDIT_NOTE": "CREDIT_NOTE",
    },
    "nl": {
        "collection": "soort",
        "number": "nummer",
        "id": "id",
        "type": "type",
        "date": "datum",
        "party": "relatie",
        "net": "exclusief_btw",
        "vat": "btw",
        "gross": "inclusief_btw",
        "where": "waar",
        "reason": "reden",
        "what_to_do": "wat_te_doen",
        "code": "code",
        "everywhere": "alle formaten",
        "sales": "verkoop",
        "purchases": "aankoop",
        "INVOICE": "factuur",
        "CREDIT_NOTE": "creditnota",
    },
    "fr": {
        "collection": "sorte",
        "number": "numéro",
        "id": "id",
        "type": "type",
        "date": "date",
        "party": "tiers",
        "net": "hors_tva",
        "vat": "tva",
        "gross": "tva_comprise",
        "where": "où",
        "reason": "raison",
        "what_to_do": "que_faire",
        "code": "code",
        "everywhere": "tous les formats",
        "sales": "vente",
        "purchases": "achat",
        "INVOICE": "facture",
        "CREDIT_NOTE": "note de crédit",
    },
}


def left_out_words(language: Language) -> Mapping[str, str]:
    """The headers of the list by their English names, and the words in its cells."""
    return _WORDS[language]


def left_out_columns(
    rows: Sequence[Mapping[str, Any]], where: Sequence[str], told: Sequence[tuple[str, str, str]], language: Language
) -> Columns:
    """The list: documents (rows of the manifest), where each is missing, and its reason, remedy and code."""
    words = _WORDS[language]
    columns: dict[str, Any] = {name: pa.array([row[name] for row in rows], pa.string()) for name in _TEXTS}
    columns["date"] = columns["date"].cast(pa.date32())
    for name in ("collection", "type"):
        # A type that Robaws made up is shown as it is.
        columns[name] = pa.array([words.get(row[name], row[name]) for row in rows], pa.string())
    for name in _AMOUNTS:
        columns[name] = pa.array([row[name] for row in rows], pa.string()).cast(MONEY)
    columns["where"] = pa.array(where, pa.string())
    for position, name in enumerate(("reason", "what_to_do", "code")):
        columns[name] = pa.array([texts[position] for texts in told], pa.string())
    return {words[name]: column for name, column in columns.items()}
