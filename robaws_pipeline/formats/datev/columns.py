"""The columns of DATEV's files, by position: name, and whether it is a text, which is quoted also when it is empty."""

from collections.abc import Mapping
from typing import Any, NamedTuple


class Column(NamedTuple):
    """A column of the second line."""

    name: str
    text: bool


def _columns(texts: str) -> tuple[Column, ...]:
    """One a line; ``#`` marks a number or a date."""
    return tuple(Column(line.removeprefix("# "), not line.startswith("# ")) for line in texts.strip().splitlines())


def _pairs(art: str, content: str, count: int) -> str:
    return "\n".join(f"{art} {number}\n{content} {number}" for number in range(1, count + 1))


def _numbered(name: str, count: int) -> str:
    return "\n".join(f"{name} {number}" for number in range(1, count + 1))


def _bank(number: int) -> str:
    return f"""Bankleitzahl {number}
Bankbezeichnung {number}
Bankkonto-Nummer {number}
Länderkennzeichen {number}
IBAN {number}
Leerfeld {number}
SWIFT-Code {number}
Abw. Kontoinhaber {number}
# Kennz. Haupt-Bankverb. {number}
# Bankverb. {number} Gültig von
# Bankverb. {number} Gültig bis"""


def _banks(first: int, last: int) -> str:
    return "\n".join(_bank(number) for number in range(first, last + 1))


BOOKING = _columns(f"""
# Umsatz (ohne Soll/Haben-Kz)
Soll/Haben-Kennzeichen
WKZ Umsatz
# Kurs
# Basis-Umsatz
WKZ Basis-Umsatz
# Konto
# Gegenkonto (ohne BU-Schlüssel)
BU-Schlüssel
# Belegdatum
Belegfeld 1
Belegfeld 2
# Skonto
Buchungstext
# Postensperre
Diverse Adressnummer
# Geschäftspartnerbank
# Sachverhalt
# Zinssperre
Beleglink
{_pairs("Beleginfo - Art", "Beleginfo - Inhalt", 8)}
KOST1 - Kostenstelle
KOST2 - Kostenstelle
# Kost-Menge
EU-Land u. UStID (Bestimmung)
# EU-Steuersatz (Bestimmung)
Abw. Versteuerungsart
# Sachverhalt L+L
# Funktionsergänzung L+L
# BU 49 Hauptfunktionstyp
# BU 49 Hauptfunktionsnummer
# BU 49 Funktionsergänzung
{_pairs("Zusatzinformation - Art", "Zusatzinformation- Inhalt", 20)}
# Stück
# Gewicht
# Zahlweise
Forderungsart
# Veranlagungsjahr
# Zugeordnete Fälligkeit
# Skontotyp
Auftragsnummer
Buchungstyp
# USt-Schlüssel (Anzahlungen)
EU-Land (Anzahlungen)
# Sachverhalt L+L (Anzahlungen)
# EU-Steuersatz (Anzahlungen)
# Erlöskonto (Anzahlungen)
Herkunft-Kz
Buchungs GUID
# KOST-Datum
SEPA-Mandatsreferenz
# Skontosperre
Gesellschaftername
# Beteiligtennummer
Identifikationsnummer
Zeichnernummer
# Postensperre bis
Bezeichnung SoBil-Sachverhalt
# Kennzeichen SoBil-Buchung
# Festschreibung
# Leistungsdatum
# Datum Zuord. Steuerperiode
# Fälligkeit
Generalumkehr (GU)
# Steuersatz
Land
Abrechnungsreferenz
# BVV-Position
EU-Land u. UStID (Ursprung)
# EU-Steuersatz (Ursprung)
# Abw. Skontokonto
""")
"""Buchungsstapel, version 13: 125 columns."""

PERSON = _columns(f"""
# Konto
Name (Adressatentyp Unternehmen)
Unternehmensgegenstand
Name (Adressatentyp natürl. Person)
Vorname (Adressatentyp natürl. Person)
Name (Adressatentyp keine Angabe)
Adressatentyp
Kurzbezeichnung
EU-Land
EU-USt-IdNr.
Anrede
Titel/Akad. Grad
Adelstitel
Namensvorsatz
Adressart
Straße
Postfach
Postleitzahl
Ort
Land
Versandzusatz
Adresszusatz
Abweichende Anrede
Abw. Zustellbezeichnung 1
Abw. Zustellbezeichnung 2
# Kennz. Korrespondenzadresse
# Adresse Gültig von
# Adresse Gültig bis
Telefon
Bemerkung (Telefon)
Telefon Geschäftsleitung
Bemerkung (Telefon GL)
E-Mail
Bemerkung (E-Mail)
Internet
Bemerkung (Internet)
Fax
Bemerkung (Fax)
Sonstige
Bemerkung (Sonstige)
{_banks(1, 5)}
# Leerfeld 11
Briefanrede
Grußformel
Kundennummer
Steuernummer
# Sprache
Ansprechpartner
Vertreter
Sachbearbeiter
# Diverse-Konto
# Ausgabeziel
# Währungssteuerung
# Kreditlimit (Debitor)
# Zahlungsbedingung
# Fälligkeit in Tagen (Debitor)
# Skonto in Prozent (Debitor)
# Kreditoren-Ziel 1 (Tage)
# Kreditoren-Skonto 1 (%)
# Kreditoren-Ziel 2 (Tage)
# Kreditoren-Skonto 2 (%)
# Kreditoren-Ziel 3 Brutto (Tage)
# Kreditoren-Ziel 4 (Tage)
# Kreditoren-Skonto 4 (%)
# Kreditoren-Ziel 5 (Tage)
# Kreditoren-Skonto 5 (%)
# Mahnung
# Kontoauszug
# Mahntext 1
# Mahntext 2
# Mahntext 3
# Kontoauszugstext
# Mahnlimit Betrag
# Mahnlimit %
# Zinsberechnung
{_numbered("# Mahnzinssatz", 3)}
Lastschrift
Verfahren
# Mandantenbank
Zahlungsträger
{_numbered("Indiv. Feld", 15)}
Abweichende Anrede (Rechnungsadresse)
Adressart (Rechnungsadresse)
Straße (Rechnungsadresse)
Postfach (Rechnungsadresse)
Postleitzahl (Rechnungsadresse)
Ort (Rechnungsadresse)
Land (Rechnungsadresse)
Versandzusatz (Rechnungsadresse)
Adresszusatz (Rechnungsadresse)
Abw. Zustellbezeichnung 1 (Rechnungsadresse)
Abw. Zustellbezeichnung 2 (Rechnungsadresse)
# Adresse Gültig von (Rechnungsadresse)
# Adresse Gültig bis (Rechnungsadresse)
{_banks(6, 10)}
Nummer Fremdsystem
# Insolvent
{_numbered("SEPA-Mandatsreferenz", 10)}
# Verknüpftes OPOS-Konto
# Mahnsperre bis
# Lastschriftsperre bis
# Zahlungssperre bis
# Gebührenberechnung
{_numbered("# Mahngebühr", 3)}
# Pauschalberechnung
{_numbered("# Verzugspauschale", 3)}
Alternativer Suchname
# Status
# Anschrift manuell geändert (Korrespondenzadresse)
Anschrift individuell (Korrespondenzadresse)
# Anschrift manuell geändert (Rechnungsadresse)
Anschrift individuell (Rechnungsadresse)
# Fristberechnung bei Debitor
# Mahnfrist 1
# Mahnfrist 2
# Mahnfrist 3
# Letzte Frist
""")
"""Debitoren/Kreditoren, version 5: 254 columns."""


def cells(columns: tuple[Column, ...], filled: Mapping[str, Any]) -> list[Any]:
    """All cells of a row, those that are not `filled` (by column name) empty."""
    unknown = set(filled) - {column.name for column in columns}
    if unknown:
        raise KeyError(f"no column {', '.join(sorted(unknown))}")
    return [filled.get(column.name, '""' if column.text else "") for column in columns]


def names(columns: tuple[Column, ...]) -> str:
    """The second line."""
    return ";".join(column.name for column in columns)
