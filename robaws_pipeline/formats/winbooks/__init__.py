"""WinBooks Classic and Logic: the text files of its import, act.txt and csf.txt, and ant.txt for analytical accounts.

`entries` (SQL over the books) decides what each row says and which documents cannot be written; ``docs/formats/
winbooks.md`` has the rules and where they come from.
"""

from collections.abc import Iterator, Mapping

from robaws_pipeline.formats import held
from robaws_pipeline.formats.base import Export, ExportFile, MonthBooks
from robaws_pipeline.formats.texts import Texts
from robaws_pipeline.formats.winbooks.entries import act_txt, ant_txt, entries
from robaws_pipeline.formats.winbooks.options import WinbooksSettings
from robaws_pipeline.formats.winbooks.parties import csf_txt, unknown, used
from robaws_pipeline.reasons import Language, Reason
from robaws_pipeline.settings import Company

__all__ = ["WinbooksFormat"]

ACT, CSF, ANT = "act.txt", "csf.txt", "ant.txt"

_ZERO: Mapping[Language, tuple[str, str]] = {
    "en": (
        "The total is 0.00, and WinBooks takes no entry without an amount for the customer or supplier: {detail}.",
        "Have the accountant enter it by hand when its VAT matters; nothing is to be paid.",
    ),
    "nl": (
        "Het totaal is 0,00, en WinBooks neemt geen boeking zonder bedrag voor de klant of leverancier: {detail}.",
        "Laat de boekhouder het met de hand inboeken als de btw ervan telt; er valt niets te betalen.",
    ),
    "fr": (
        "Le total est 0,00, et WinBooks ne prend pas d'écriture sans montant pour le client ou fournisseur : {detail}.",
        "Faites-le encoder à la main par le comptable si sa TVA compte ; il n'y a rien à payer.",
    ),
}


class WinbooksFormat:
    """Entries, customers and suppliers, for the import of WinBooks."""

    name = "winbooks"
    title = "WinBooks Classic and Logic: entries (act.txt), customers and suppliers (csf.txt) for its text import"
    Settings = WinbooksSettings

    def reasons(self, language: Language) -> list[Reason]:
        """Why this format holds documents, in a language."""
        shared = (
            *(held.vat_code_unmapped, held.journal_unmapped, held.number_unfit),
            *(held.account_unfit, held.totals_differ),
        )
        zero = Reason("winbooks_zero", *_ZERO[language], "at the accountant")
        return [*(reason(self.name, language) for reason in shared), zero]

    def missing_settings(self, company: Company) -> Iterator[str]:
        """Accounts of the settings that WinBooks cannot have, and a book year that begins too late."""
        accounts = company.accounts
        for key in ("customers", "suppliers", "vat_due", "vat_deductible", "self_assessed_due", "rounding"):
            if len(account := getattr(accounts, key)) > 8:
                yield f"accounts.{key} = {account!r}: WinBooks has 8 characters for an account: write the dossier's"
        first = company.of_format(self.name, WinbooksSettings).first_book_year
        if first is not None and first > company.start:
            yield (
                f"format.winbooks.first_book_year = {first!r} is after start = {company.start!r}: "
                "write the first month of the dossier's oldest book year"
            )

    def export(self, books: MonthBooks) -> Export:
        """act.txt and csf.txt each month, with or without documents, and ant.txt when the settings ask for it."""
        settings = books.company.of_format(self.name, WinbooksSettings)
        found = entries(books, settings)
        names = [ACT, CSF] if settings.analytical_zone is None else [ACT, CSF, ANT]
        # A row of csf.txt is no document's, and ant.txt has the lines with a project only: act.txt has them all.
        export = Export((), held=found.held, documents=held.written(books, found.held, [ACT]))

        def made() -> Iterator[ExportFile]:
            # A quote cannot be written between quotes: WinBooks knows no way to double it.
            texts = Texts(settings.encoding, {'"': "'"})
            parties = used(books, found.rows, settings)
            yield ExportFile(CSF, csf_txt(parties, books, settings, texts))
            yield ExportFile(ACT, act_txt(found.rows, settings, texts))
            if ANT in names:
                yield ExportFile(ANT, ant_txt(found.rows, settings, texts))
            yield from texts.report()
            export.notes.extend(
                f"party {code} is not among the clients and suppliers read from Robaws: {CSF} lacks it"
                for code in unknown(parties, found.rows)
            )
            export.notes.extend(texts.notes())

        export.files = made()
        return export
