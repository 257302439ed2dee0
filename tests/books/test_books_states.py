"""Which state a document ends in, and what the bookkeeper is told."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from books_samples import COMPANY, Keep, Row, document, line, reasons, state, with_defaults

from robaws_pipeline.reasons import REASONS, Language, describe

BARE: Row = {"gl_account_id": None, "gl_account_code": None, "gl_account_name": None}
ZERO: Row = {"vat": "0", "gross": "100.00"}


def _sale(tariff: str, party: str) -> tuple[Row, list[Row]]:
    return document(party_id=party, **ZERO), [line(tariff=tariff)]


FAULTS: list[tuple[str, str, Row, list[Row]]] = [
    (
        "unreadable",
        'dueDate = "31/02" is not a date (YYYY-MM-DD)',
        document(problems=[{"code": "unreadable", "key": "dueDate", "found": '"31/02"', "expected": "date"}]),
        [line()],
    ),
    ("unknown_type", "'PROFORMA'", document(type="PROFORMA"), [line()]),
    ("unknown_type", "none", document(type=None), [line()]),
    ("date_missing", "number 2026-1", document(date=None), [line()]),
    (
        "period_closed",
        "dated 2025-12-30, made in Robaws on 2026-02-02",
        document(date=date(2025, 12, 30), created_at=datetime(2026, 2, 2, tzinfo=UTC)),
        [line()],
    ),
    ("total_missing", "total excluding VAT", document(net="0") | {"net": None}, [line()]),
    (
        "total_missing",
        "total excluding VAT and total including VAT",
        document() | {"net": None, "gross": None},
        [line()],
    ),
    ("no_lines", "total excluding VAT 100.00", document(), []),
    ("no_lines", "total excluding VAT 100.00", document(), [line(None, None, type="TEXT")]),
    ("line_amount_missing", "line 2 'Post 2'", document(), [line(), line(None, no=2)]),
    ("line_amount_missing", "line 2", document(), [line(), line(None, no=2, description=None, type=None)]),
    ("net_differs", "lines 100.00, Robaws 100.02", document(net="100.02"), [line()]),
    ("vat_differs", "lines 21.00, Robaws 21.02", document(vat="21.02"), [line()]),
    ("gross_differs", "lines and VAT 121.00, Robaws 120.98", document(gross="120.98"), [line()]),
    ("tariff_missing", "line 1 'Post 1'", document(), [line(tariff=None)]),
    ("tariff_missing", "line 1 'Post 1'", document(), [line(tariff=" ")]),
    ("tariff_unmapped", "line 1 'Post 1': tariff 'geen' (id 7)", document(), [line(tariff="geen", vat_tariff_id="7")]),
    ("margin_scheme", "line 1 'Post 1': tariff 'marge'", document(**ZERO), [line(tariff="marge")]),
    (
        "tariff_rate_differs",
        "line 1 'Post 1': tariff '21' settings 21.00 %, Robaws 20.00 %",
        document(),
        [line(vat_percentage=Decimal(20))],
    ),
    (
        "number_unreadable",
        'logicId = {"a":1} is not a text or a number',
        document(
            number=None,
            problems=[{"code": "number_unreadable", "key": "logicId", "found": '{"a":1}', "expected": "text"}],
        ),
        [line()],
    ),
    (
        "self_assessed_rate_missing",
        "line 1 'Post 1': tariff 'verlegd zonder tarief'",
        document(vat="0", gross="100.00", collection="purchases", party_id="1"),
        [line(collection="purchases", tariff="verlegd zonder tarief")],
    ),
    ("account_missing", "line 1 'Post 1'", document(), [line(**BARE)]),
    ("account_unknown", "line 1 'Post 1': account id 999", document(), [line(**BARE | {"gl_account_id": "999"})]),
    ("party_missing", "no client", document(party_id=None), [line()]),
    ("party_missing", "client 99 is not in Robaws's list of clients", document(party_id="99"), [line()]),
    (
        "negative_total",
        "excluding VAT -100.00 and including VAT -121.00",
        document(net="-100", vat="-21", gross="-121"),
        [line("-100")],
    ),
    ("currency_not_eur", "USD", document(currency="USD"), [line()]),
    ("amount_too_large", "header", document(net="10000000000"), [line()]),
    ("amount_too_large", "line 1 'Post 1'", document(), [line("-123456789012345678")]),
    ("reverse_charge_without_vat_number", "client 'Jan Janssens': no VAT number", *_sale("verlegd", "2")),
    ("reverse_charge_without_vat_number", "client 'Zonder Nummer NV': no VAT number", *_sale("verlegd", "5")),
    ("reverse_charge_without_vat_number", "client 'Jan Janssens': no VAT number", *_sale("ic diensten", "2")),
    (
        "reverse_charge_without_vat_number",
        "client 'Bouw Peeters BV': VAT number 'BE0999000129' is not a foreign one",
        *_sale("ic goederen", "1"),
    ),
    (
        "reverse_charge_without_vat_number",
        "client 'Fout Nummer SARL': VAT number 'FR 12 345 678 901' is not a valid one of an EU country",
        *_sale("ic goederen", "4"),
    ),
    (
        "reverse_charge_without_vat_number",
        "client 'Belfast Build Ltd': VAT number 'XI 980 7806 84' is of Northern Ireland, which counts for goods only",
        *_sale("ic diensten", "6"),
    ),
    (
        "reverse_charge_without_vat_number",
        "client 'Marketplace Ltd': VAT number 'EU372022452' is not a valid one of an EU country",
        *_sale("ic diensten", "7"),
    ),
]


@pytest.fixture(scope="module")
def together(keep: Keep) -> Any:
    """Every faulty document in one month, with a clean one between."""
    documents, lines = [], []
    for number, (_, _, faulty, its_lines) in enumerate(FAULTS):
        id_ = f"f{number}"
        documents += [faulty | {"id": id_}, document(f"clean{number}")]
        lines += [row | {"document_id": id_} for row in its_lines] + [line(id_=f"clean{number}")]
    return keep(documents, lines)


@pytest.mark.parametrize("number", range(len(FAULTS)), ids=[f"{code}-{detail}" for code, detail, _, _ in FAULTS])
def test_a_fault_holds_its_document_with_the_figures_or_names(together: Any, number: int) -> None:
    """The bookkeeper must see from the reason alone what to correct and where."""
    code, detail, faulty, _ = FAULTS[number]
    found = (together, f"f{number}", faulty["collection"])
    assert state(*found)["state"] == "held"
    assert reasons(*found)[code] == detail
    assert detail in describe(code, detail)


def test_every_reason_of_the_registry_can_be_met() -> None:
    """A code that no document can get is a promise about nothing; one without a test may be wrong."""
    assert {code for code, _, _, _ in FAULTS} == set(REASONS)


IN_DUTCH_AND_FRENCH = [
    (
        "net_differs",
        "De som van de lijnen is niet het totaal exclusief btw: lijnen 100,00, Robaws 100,02.",
        "La somme des lignes n’est pas le total hors TVA : lignes 100,00, Robaws 100,02.",
    ),
    (
        "tariff_unmapped",
        "Het is niet bekend wat een btw-tarief voor de boekhouding betekent: lijn 1 'Post 1': tarief 'geen' (id 7).",
        "On ne sait pas ce qu’un tarif de TVA signifie pour la comptabilité : ligne 1 'Post 1' : tarif 'geen' (id 7).",
    ),
    (
        "tariff_rate_differs",
        "Het percentage van een btw-tarief in Robaws is niet dat van de instellingen: lijn 1 'Post 1': tarief '21' "
        "instellingen 21,00 %, Robaws 20,00 %.",
        "Le pourcentage d’un tarif de TVA dans Robaws n’est pas celui des paramètres : ligne 1 'Post 1' : tarif '21' "
        "paramètres 21,00 %, Robaws 20,00 %.",
    ),
    (
        "unreadable",
        'Robaws stuurde iets dat niet gelezen kan worden: dueDate = "31/02" is geen datum (JJJJ-MM-DD).',
        'Robaws a envoyé quelque chose d’illisible : dueDate = "31/02" n’est pas une date (AAAA-MM-JJ).',
    ),
    (
        "party_missing",
        "Het is niet bekend van wie dit document is: geen klant.",
        "On ne sait pas de qui est ce document : pas de client.",
    ),
    (
        "reverse_charge_without_vat_number",
        "Er is geen btw aangerekend, en daarvoor is een geldig btw-nummer van de klant nodig: klant 'Bouw Peeters BV': "
        "btw-nummer 'BE0999000129' is geen buitenlands nummer.",
        "Aucune TVA n’est portée en compte, ce qui exige un numéro de TVA valable du client : client 'Bouw Peeters BV' "
        ": le numéro de TVA 'BE0999000129' n’est pas un numéro étranger.",
    ),
]


def _sentences(keep: Keep, language: Language) -> dict[str, set[str]]:
    """Every sentence about the faulty documents of the table above, by code."""
    documents, lines = [], []
    for number, (_, _, faulty, its_lines) in enumerate(FAULTS):
        documents.append(faulty | {"id": f"f{number}"})
        lines += [row | {"document_id": f"f{number}"} for row in its_lines]
    found: dict[str, set[str]] = {}
    for row in keep(documents, lines, COMPANY.model_copy(update={"language": language})).states.to_pylist():
        for reason in row["reasons"]:
            sentence = describe(reason["code"], reason["detail"], language)
            found.setdefault(reason["code"], set()).add(sentence)
    return found


def test_a_fault_is_told_in_the_language_of_the_company(keep: Keep) -> None:
    """A remedy that its reader cannot read is none: sentence, figures and names all follow the setting."""
    dutch, french = _sentences(keep, "nl"), _sentences(keep, "fr")
    for code, in_dutch, in_french in IN_DUTCH_AND_FRENCH:
        assert in_dutch in dutch[code]
        assert in_french in french[code]
    assert set(dutch) == set(french) == set(REASONS)
    english = re.compile(r"\b(line|lines|and|excluding|including|is not|number|tariff|settings|account id|no|header)\b")
    assert [text for texts in (*dutch.values(), *french.values()) for text in texts if english.search(text)] == []


def test_faulty_documents_disturb_no_other(together: Any) -> None:
    """One odd document must not lose the month: each clean one between them is exported, none of the faulty."""
    states = {row["document_id"]: row["state"] for row in together.states.to_pylist()}
    assert len(states) == 2 * len(FAULTS)
    assert {id_ for id_, found in states.items() if found == "exported"} == {f"clean{n}" for n in range(len(FAULTS))}
    assert together.postings.num_rows == 3 * len(FAULTS)
    assert {row["document_id"] for row in together.vat.to_pylist()} == {f"clean{n}" for n in range(len(FAULTS))}


@pytest.mark.parametrize(
    ("tariff", "party"),
    [("verlegd", "1"), ("ic diensten", "3"), ("ic goederen", "6"), ("export", "2")],
    ids=["Belgian reverse charge", "Dutch services", "Northern Irish goods", "export to nobody's number"],
)
def test_a_good_vat_number_lets_the_sale_through(keep: Keep, tariff: str, party: str) -> None:
    """Holding what is right costs trust as much as letting through what is wrong."""
    faulty, lines = _sale(tariff, party)
    assert state(keep([faulty], lines))["reasons"] == []


def test_a_purchase_under_reverse_charge_needs_no_number_of_the_supplier(keep: Keep) -> None:
    """The rule is about our customers: on a purchase it is our own number that counts."""
    books = keep(
        [document(collection="purchases", party_id="8", **ZERO)],
        [line(tariff="verlegd", collection="purchases")],
    )
    assert state(books, collection="purchases")["state"] == "exported"


def test_all_reasons_are_listed_in_the_order_of_the_registry(keep: Keep) -> None:
    """Correcting one fault a night for five nights is no way to work."""
    books = keep(
        [document(type="X", party_id=None, currency="USD", date=None, net="90.00", gross="200.00")],
        [line(**BARE)],
    )
    found = [reason["code"] for reason in state(books)["reasons"]]
    assert found == [
        "unknown_type",
        "date_missing",
        "currency_not_eur",
        "party_missing",
        "account_missing",
        "net_differs",
        "gross_differs",
    ]
    assert [code for code in REASONS if code in found] == found


def test_what_cannot_be_known_is_not_reported_as_a_difference(keep: Keep) -> None:
    """Without a line's amount or a tariff's meaning any total would differ: that is a consequence, not a fault."""
    books = keep(
        [document("1"), document("2"), document("3", net="150.00"), document("4", party_id="99", **ZERO)],
        [
            line(None, "21", "1", no=1),
            line("40.00", "21", "1", no=2),
            line("100.00", "geen", "2"),
            line("100.00", "geen", "3"),
            line("100.00", "verlegd", "4"),
        ],
    )
    assert set(reasons(books, "1")) == {"line_amount_missing"}
    assert set(reasons(books, "2")) == {"tariff_unmapped"}
    assert set(reasons(books, "3")) == {"tariff_unmapped", "net_differs"}
    assert set(reasons(books, "4")) == {"party_missing"}


def test_a_default_account_does_not_stand_in_for_one_that_somebody_chose(keep: Keep) -> None:
    """The line names account 999, which Robaws does not list: booking it on the default would be a guess."""
    books = keep([document()], [line(**BARE | {"gl_account_id": "999"})], with_defaults(sales="700000"))
    assert set(reasons(books)) == {"account_unknown"}


def test_a_long_list_of_lines_is_cut_and_counted(keep: Keep) -> None:
    """A quote of two hundred lines without an account must not fill the page; nor may the count be lost."""
    books = keep(
        [document(net="8.00", vat="1.68", gross="9.68")],
        [line("1.00", no=no, description=f"{'x' * 60}\ntweede regel", **BARE) for no in range(8, 0, -1)],
    )
    label = f"'{'x' * 39}…'"
    assert reasons(books)["account_missing"] == (", ".join(f"line {no} {label}" for no in range(1, 6)) + " and 3 more")


def test_the_tolerance_is_a_cent_for_each_rate(keep: Keep) -> None:
    """Two rates may round differently twice; one rate only once."""
    two = [line("50.00", "21", no=1), line("50.00", "6", no=2)]
    documents = [
        document("1", vat="13.52", gross="113.52"),
        document("2", vat="13.53", gross="113.53"),
        document("3", vat="21.01", gross="121.01"),
        document("4", vat="21.02", gross="121.02"),
    ]
    lines = [row | {"document_id": id_} for id_ in ("1", "2") for row in two] + [line(id_="3"), line(id_="4")]
    books = keep(documents, lines)
    assert {row["document_id"]: row["state"] for row in books.states.to_pylist()} == {
        "1": "exported",
        "2": "held",
        "3": "exported",
        "4": "held",
    }
    assert set(reasons(books, "4")) == {"vat_differs", "gross_differs"}


def test_names_of_one_rate_and_lines_of_nothing_add_no_tolerance(keep: Keep) -> None:
    """VAT is rounded once a rate: another spelling of it or a line of 0.00 rounds nothing more."""
    two_cents = {"vat": "21.02", "gross": "121.02"}
    books = keep(
        [document("1", **two_cents), document("2", **two_cents)],
        [
            line("50.00", "21", "1", no=1),
            line("50.00", "21%", "1", no=2),
            line("100.00", "21", "2", no=1),
            line("0.00", "6", "2", no=2),
        ],
    )
    assert books.states["state"].to_pylist() == ["held", "held"]


@pytest.mark.parametrize("number", [None, "", "  "])
def test_a_document_without_number_is_a_draft_whatever_else_is_wrong(keep: Keep, number: str | None) -> None:
    """Drafts are unfinished by nature: their faults are nobody's task yet."""
    books = keep([document(number=number, type="X", party_id=None)], [line(**BARE)])
    assert (state(books)["state"], state(books)["reasons"]) == ("draft", [])
    assert (books.postings.num_rows, books.vat.num_rows) == (0, 0)


@pytest.mark.parametrize("number", [None, "2026-1"])
def test_a_document_that_robaws_no_longer_lists_is_deleted(keep: Keep, number: str | None) -> None:
    """Deleted comes first: neither its faults nor its being a draft matter any more, and it is booked no longer."""
    books = keep(
        [document(number=number, deleted=True), document("2", deleted=True, type="X")], [line(), line(id_="2")]
    )
    assert [(row["state"], row["reasons"]) for row in books.states.to_pylist()] == [("deleted", [])] * 2
    assert books.postings.num_rows == 0


def test_states_carry_header_figures_whatever_the_state(keep: Keep) -> None:
    """The manifest lists every document with its amounts: a held credit note takes off as an exported one would."""
    books = keep([document(type="CREDIT_NOTE", net="131.3999999999", party_id="99")], [line()])
    row = state(books)
    assert (row["net"], row["vat"], row["gross"]) == (Decimal("-131.40"), Decimal("-21.00"), Decimal("-121.00"))
    assert (row["hash"], row["number"], row["party_id"], row["party_name"]) == ("hash-1", "2026-1", "99", None)


def test_an_amount_that_does_not_fit_the_books_holds_one_document(keep: Keep) -> None:
    """A sum beyond 18 digits is an error in SQL, and an error in SQL would lose the month."""
    huge = "999999999999999999"
    books = keep(
        [document("1", huge, huge, huge), document("2")],
        [*(line(huge, "21", "1", no=no) for no in range(1, 20)), line(id_="2")],
    )
    assert (state(books, "1")["state"], state(books, "1")["net"]) == ("held", None)
    assert reasons(books, "1")["amount_too_large"].startswith("header, line 1 'Post 1', line 2")
    assert state(books, "2")["state"] == "exported"
