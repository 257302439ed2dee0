"""DATEV: a batch of bookings (EXTF Buchungsstapel) and its customers and suppliers (Debitoren/Kreditoren).

`bookings` (SQL over the books) decides what each row says and which documents cannot be written; ``docs/formats/
datev.md`` has the rules and where they come from.
"""

from collections.abc import Iterator

from robaws_pipeline.formats import held
from robaws_pipeline.formats.base import Export, ExportFile, MonthBooks
from robaws_pipeline.formats.contract import DocumentKey
from robaws_pipeline.formats.datev.bookings import Batch, batch, batch_csv, parts
from robaws_pipeline.formats.datev.options import DatevSettings
from robaws_pipeline.formats.datev.persons import persons_csv
from robaws_pipeline.formats.texts import Texts
from robaws_pipeline.reasons import Language, Reason
from robaws_pipeline.settings import Company

__all__ = ["DatevFormat"]


class DatevFormat:
    """Bookings, customers and suppliers, for the batch import of DATEV."""

    name = "datev"
    title = "DATEV: bookings (EXTF Buchungsstapel 13) and customers and suppliers, for tax advisers in Germany"
    Settings = DatevSettings

    def reasons(self, language: Language) -> list[Reason]:
        """Why this format holds documents, in a language."""
        shared = (
            *(held.vat_code_unmapped, held.number_unfit, held.account_unfit),
            *(held.year_unfit, held.totals_differ),
        )
        return [*(reason(self.name, language) for reason in shared), held.nothing_to_book(language)]

    def missing_settings(self, company: Company) -> Iterator[str]:
        """The adviser's and the client's number, ranges and an account that DATEV cannot have."""
        settings = company.of_format(self.name, DatevSettings)
        for key, meaning in (("adviser", "Beraternummer"), ("client", "Mandantennummer")):
            if getattr(settings, key) is None:
                yield f"format.datev.{key} ({meaning}) is missing: ask the tax adviser for it"
        shortest, longest = 10**settings.account_length, 10 ** (settings.account_length + 1) - 1
        for key in ("customers_from", "suppliers_from"):
            first = getattr(settings, key)
            if first is not None and not shortest <= first <= longest:
                yield (
                    f"format.datev.{key} = {first}: with accounts of {settings.account_length} digits, those of "
                    f"customers and suppliers are {shortest} to {longest}"
                )
        rounding = company.accounts.rounding
        if not rounding.isdigit() or len(rounding) > settings.account_length:
            yield (
                f"accounts.rounding = {rounding!r}: DATEV takes up to {settings.account_length} digits "
                "(format.datev.account_length): write the account of the adviser's chart"
            )

    def export(self, books: MonthBooks) -> Export:
        """A batch each month, with or without documents, in as many files as it takes; and who it is about."""
        settings = books.company.of_format(self.name, DatevSettings)
        if settings.adviser is None or settings.client is None:
            raise ValueError("; ".join(self.missing_settings(books.company)))
        found = batch(books, settings)
        export = Export((), held=found.held, documents=_in_files(found, books))
        export.files = _files(found, books, settings, export)
        return export


def _path(books: MonthBooks, part: int) -> str:
    """DATEV wants names that begin with EXTF_."""
    return f"EXTF_Buchungsstapel_{books.period.name}{f'_{part}' if part > 1 else ''}.csv"


def _in_files(found: Batch, books: MonthBooks) -> dict[DocumentKey, list[str]]:
    documents: dict[DocumentKey, list[str]] = {}
    for part, rows in enumerate(parts(found.rows), 1):
        once = rows.group_by(["collection", "document_id"], use_threads=False).aggregate([])
        keys = zip(once["collection"].to_pylist(), once["document_id"].to_pylist(), strict=True)
        documents |= {key: [_path(books, part)] for key in keys}
    return documents


def _files(found: Batch, books: MonthBooks, settings: DatevSettings, export: Export) -> Iterator[ExportFile]:
    texts = Texts(settings.encoding)
    persons = f"EXTF_DebitorenKreditoren_{books.period.name}.csv"
    yield ExportFile(persons, persons_csv(found.persons, books, settings, texts))
    for part, rows in enumerate(parts(found.rows), 1):
        yield ExportFile(_path(books, part), batch_csv(rows, books, settings, texts))
    yield from texts.report()
    unknown = found.persons.filter(found.persons["unknown"])
    export.notes.extend(
        f"party {code} is not among the clients and suppliers read from Robaws: {persons} has its name only"
        for code in sorted(filter(None, unknown["party_code"].to_pylist()))
    )
    export.notes.extend(texts.notes())
