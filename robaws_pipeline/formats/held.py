"""Documents that the books export and one format cannot write: the reasons that formats share, and the accounts kept.

A document held by one format is in the files of the others. Nothing is guessed: a format that has no VAT code or
journal for a document holds it, says which is missing, and writes it once the settings have it.
"""

from collections.abc import Iterable, Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from robaws_pipeline.formats.base import FormatHeld, MonthBooks
from robaws_pipeline.formats.contract import COLLECTIONS, DocumentKey
from robaws_pipeline.formats.lookups import document_keys
from robaws_pipeline.periods import book_year_of
from robaws_pipeline.reasons import Language, Reason, Task

SCHEMA = pa.schema(
    [("collection", pa.string()), ("document_id", pa.string()), ("code", pa.string()), ("detail", pa.string())]
)
"""A row a document and reason."""


_TEXTS: Mapping[Language, Mapping[str, tuple[str, str]]] = {
    "en": {
        "vat_code": (
            "There is no VAT code for {format}: {detail}.",
            "Ask the accountant for the code and add it to `format.{format}.vat_codes` in robaws.toml.",
        ),
        "journal": (
            "There is no journal for {format}: {detail}.",
            "Ask the accountant for the journal and add it to `format.{format}.journals` in robaws.toml.",
        ),
        "number": (
            "The document's number cannot be written for {format}: {detail}.",
            "Have the accountant enter the document by hand, and let Robaws number the next ones as the format's page "
            "says.",
        ),
        "account": (
            "An account cannot be written for {format}: {detail}.",
            "Give the accountant's number for it: `accounts.renumber` in robaws.toml for an account, the format's "
            "settings for a customer or supplier.",
        ),
        "year": (
            "A file of one book year for {format} has no place for the document: {detail}.",
            "Have the accountant enter the document by hand, in the year that it is booked in.",
        ),
        "totals": (
            "The rows for {format} do not add up to the document: {detail}.",
            "Report it, with the document: the books should have held it.",
        ),
    },
    "nl": {
        "vat_code": (
            "Er is geen btw-code voor {format}: {detail}.",
            "Vraag de code aan de boekhouder en zet ze bij `format.{format}.vat_codes` in robaws.toml.",
        ),
        "journal": (
            "Er is geen dagboek voor {format}: {detail}.",
            "Vraag het dagboek aan de boekhouder en zet het bij `format.{format}.journals` in robaws.toml.",
        ),
        "number": (
            "Het nummer van het document kan niet naar {format}: {detail}.",
            "Laat de boekhouder het document met de hand inboeken, en laat Robaws de volgende nummeren zoals de pagina "
            "van het formaat zegt.",
        ),
        "account": (
            "Een rekening kan niet naar {format}: {detail}.",
            "Geef het nummer van de boekhouder op: `accounts.renumber` in robaws.toml voor een rekening, de "
            "instellingen van het formaat voor een klant of leverancier.",
        ),
        "year": (
            "Een bestand van één boekjaar voor {format} heeft geen plaats voor het document: {detail}.",
            "Laat de boekhouder het document met de hand inboeken, in het jaar waarin het geboekt wordt.",
        ),
        "totals": (
            "De rijen voor {format} tellen niet op tot het document: {detail}.",
            "Meld het, met het document: de boeken hadden het moeten tegenhouden.",
        ),
    },
    "fr": {
        "vat_code": (
            "Il n'y a pas de code TVA pour {format} : {detail}.",
            "Demandez le code au comptable et ajoutez-le à `format.{format}.vat_codes` dans robaws.toml.",
        ),
        "journal": (
            "Il n'y a pas de journal pour {format} : {detail}.",
            "Demandez le journal au comptable et ajoutez-le à `format.{format}.journals` dans robaws.toml.",
        ),
        "number": (
            "Le numéro du document ne peut pas être écrit pour {format} : {detail}.",
            "Faites encoder le document à la main par le comptable, et laissez Robaws numéroter les suivants comme le "
            "dit la page du format.",
        ),
        "account": (
            "Un compte ne peut pas être écrit pour {format} : {detail}.",
            "Donnez le numéro du comptable : `accounts.renumber` dans robaws.toml pour un compte, les réglages du "
            "format pour un client ou un fournisseur.",
        ),
        "year": (
            "Un fichier d'un exercice pour {format} n'a pas de place pour le document : {detail}.",
            "Faites encoder le document à la main par le comptable, dans l'exercice où il est comptabilisé.",
        ),
        "totals": (
            "Les lignes pour {format} ne donnent pas le total du document : {detail}.",
            "Signalez-le, avec le document : les livres auraient dû le retenir.",
        ),
    },
}
_TASKS: Mapping[str, Task] = {
    "vat_code": "in the settings",
    "journal": "in the settings",
    "number": "at the accountant",
    "account": "in the settings",
    "year": "at the accountant",
    "totals": "at the accountant",
}


def _shared(kind: str, format_name: str, language: Language) -> Reason:
    sentence, remedy = (text.replace("{format}", format_name) for text in _TEXTS[language][kind])
    return Reason(f"{format_name}_{kind}", sentence, remedy, _TASKS[kind])


def vat_code_unmapped(format_name: str, language: Language = "en") -> Reason:
    """No VAT code of the accountant's program stands for what the document has."""
    return _shared("vat_code", format_name, language)


def journal_unmapped(format_name: str, language: Language = "en") -> Reason:
    """The journal's code is none that the accountant's program can have."""
    return _shared("journal", format_name, language)


def number_unfit(format_name: str, language: Language = "en") -> Reason:
    """The document has no number, or one that the program cannot have."""
    return _shared("number", format_name, language)


def account_unfit(format_name: str, language: Language = "en") -> Reason:
    """An account or party code that the program cannot have."""
    return _shared("account", format_name, language)


def year_unfit(format_name: str, language: Language = "en") -> Reason:
    """The document is booked in another book year than the file is about."""
    return _shared("year", format_name, language)


def totals_differ(format_name: str, language: Language = "en") -> Reason:
    """What the format would write is not what the books have: a fault of ours, that must never pass."""
    return _shared("totals", format_name, language)


_NOTHING: Mapping[Language, tuple[str, str]] = {
    "en": (
        "There is nothing to book of the document: {detail}.",
        "Nothing has to be done: a file of entries has no place for a document without amounts.",
    ),
    "nl": (
        "Er valt niets te boeken van het document: {detail}.",
        "Er is niets te doen: een bestand met boekingen heeft geen plaats voor een document zonder bedragen.",
    ),
    "fr": (
        "Il n'y a rien à comptabiliser du document : {detail}.",
        "Il n'y a rien à faire : un fichier d'écritures n'a pas de place pour un document sans montants.",
    ),
}


def nothing_to_book(language: Language = "en") -> Reason:
    """Every amount of the document is 0.00, so it has no postings."""
    return Reason("nothing_to_book", *_NOTHING[language], "at the accountant")


NOTHING_TO_BOOK = nothing_to_book()
"""In English."""


def without_postings(books: MonthBooks) -> list[FormatHeld]:
    """The exported documents that have no postings, held for a format that writes nothing but postings."""
    exported = books.exported
    booked = pc.unique(document_keys(books.postings))
    silent = exported.filter(pc.invert(pc.is_in(document_keys(exported), value_set=booked)))
    return [
        FormatHeld(state["collection"], state["document_id"], NOTHING_TO_BOOK.code, "every amount is 0.00")
        for state in silent.select(["collection", "document_id"]).to_pylist()
    ]


def booked_in_another_year(books: MonthBooks, format_name: str) -> list[FormatHeld]:
    """The documents that came so late that they are booked in another book year than the period is in."""
    year = book_year_of(books.period.last_month, books.company.book_year_begins)
    heads = books.postings.filter(pc.equal(books.postings["posting_no"], 1))
    dates = heads["booking_date"]
    rows = heads.filter(pc.or_(pc.less(dates, year.first_day), pc.greater(dates, year.last_day)))
    return [
        FormatHeld(
            row["collection"],
            row["document_id"],
            year_unfit(format_name).code,
            f"it is booked on {row['booking_date']}",
        )
        for row in rows.select(["collection", "document_id", "booking_date"]).to_pylist()
    ]


def holds(rows: pa.Table) -> list[FormatHeld]:
    """Rows of `SCHEMA` as `Export.held` takes them: each once, sorted."""
    once = rows.select(SCHEMA.names).group_by(SCHEMA.names, use_threads=False).aggregate([])
    ordered = once.sort_by([(name, "ascending") for name in SCHEMA.names])
    return [FormatHeld(**row) for row in ordered.to_pylist()]


def written(
    books: MonthBooks, held: Iterable[FormatHeld], files: Sequence[str], collections: Sequence[str] = COLLECTIONS
) -> dict[DocumentKey, list[str]]:
    """`Export.documents` of a format that writes all documents to the same files: all exported ones but those held."""
    rows = books.exported
    rows = rows.filter(pc.is_in(rows["collection"], value_set=pa.array(collections)))
    left_out = {(item.collection, item.document_id) for item in held}
    keys = zip(rows["collection"].to_pylist(), rows["document_id"].to_pylist(), strict=True)
    return {key: list(files) for key in keys if key not in left_out}


def without(rows: pa.Table, held: Iterable[FormatHeld]) -> pa.Table:
    """The rows (with `collection` and `document_id`) of documents that are not held."""
    names = pa.array(sorted({f"{item.collection}-{item.document_id}" for item in held}), pa.string())
    return rows.filter(pc.invert(pc.is_in(document_keys(rows), value_set=names))) if len(names) else rows
