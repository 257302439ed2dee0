"""Purchases: what was bought, what may be deducted, and who bears the rest. Percentages are examples of the tax
authority's best-known limits: half for cars (art. 45 § 2 of the Belgian VAT Code), nothing for receptions (§ 3)."""

from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from books_samples import COMPANY, GL_ACCOUNTS, PARTIES, Keep, Row, document, entry, line, reasons, state, table
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from robaws_pipeline import schema
from robaws_pipeline.books import Books, keep_books
from robaws_pipeline.settings import Company, Purchases, Tariff

CENT = Decimal("0.01")
BARE: Row = {"gl_account_id": None, "gl_account_code": None, "gl_account_name": None}
CARS = COMPANY.model_copy(
    update={"purchases": Purchases(deductible={"612": Decimal(50), "6130": Decimal(0), "613": Decimal(35)})}
)


def bought(net: str, tariff: str, account: str | None, no: int = 1, id_: str = "1", **other: Any) -> Row:
    """A purchase line on an account that Robaws names by its code."""
    given = {"gl_account_id": None, "gl_account_code": account, "gl_account_name": f"Rekening {account}"}
    return line(net, tariff, id_, no, collection="purchases", **given | other)


def purchase(net: str, vat: str, **other: Any) -> Row:
    """A purchase document."""
    gross = str(Decimal(net) + Decimal(vat))
    return document(net=net, vat=vat, gross=gross, collection="purchases", party_id="8", **other)


def recap(books: Books) -> list[tuple[str | None, str, str, str, str]]:
    """Nature, deductible percentage, base, VAT with self-assessed VAT, and what of it is deducted."""
    return [
        (
            row["nature"],
            f"{row['deductible'].normalize():f}",
            str(row["base"]),
            str(row["vat"] + row["self_assessed_vat"]),
            str(row["deductible_vat"]),
        )
        for row in books.vat.to_pylist()
    ]


def test_the_account_says_what_was_bought(keep: Keep) -> None:
    """Grids 81, 82 and 83 of the return: class 60, class 61, class 2; the VAT of the rate is rounded once."""
    books = keep(
        [purchase("30.06", "6.31")],
        [
            bought("10.02", "21", "604000", 1),
            bought("10.02", "21", "613200", 2),
            bought("10.02", "21", "230000", 3),
        ],
    )
    assert recap(books) == [
        ("goods", "100", "10.02", "2.10", "2.10"),
        ("investment", "100", "10.02", "2.11", "2.11"),
        ("services", "100", "10.02", "2.10", "2.10"),
    ]
    assert not [row for row in books.postings.to_pylist() if row["kind"] == "rounding"]


def test_a_tariff_that_says_what_was_bought_goes_before_the_account(keep: Keep) -> None:
    """Some tenants have a tariff for investment goods, whatever account the line is on."""
    tariff = Tariff(treatment="standard", rate=Decimal(21), nature="investment", deductible=Decimal(50))
    company = CARS.model_copy(update={"vat_tariffs": {"21 investering": tariff}})
    books = keep([purchase("100.00", "21.00")], [bought("100.00", "21 investering", "613000")], company)
    assert recap(books) == [("investment", "50", "100.00", "21.00", "10.50")]


@pytest.mark.parametrize(("type_", "sign"), [("INVOICE", 1), ("CREDIT_NOTE", -1)], ids=["invoice", "credit note"])
def test_vat_of_a_car_is_half_deducted_and_half_cost(keep: Keep, type_: str, sign: int) -> None:
    """333.35 at 21 % is 70.0035, so 70.00; 35.00 each. The longest key that fits the account counts."""
    books = keep([purchase("333.35", "70.00", type=type_)], [bought("333.35", "21", "612000")], CARS)
    expected = [
        ("party", "440000", Decimal("-403.35")),
        ("line", "612000", Decimal("333.35")),
        ("vat", "411000", Decimal("35.00")),
        ("not_deductible", "612000", Decimal("35.00")),
    ]
    assert entry(books, collection="purchases") == [
        (kind, account, str(sign * amount)) for kind, account, amount in expected
    ]
    cost = books.postings.to_pylist()[3]
    assert (cost["account_name"], cost["treatment"], cost["rate"]) == ("Rekening 612000", "standard", 21)


def test_nothing_of_a_reception_is_deducted(keep: Keep) -> None:
    """All VAT is cost, and none is posted on the deductible account."""
    books = keep([purchase("100.00", "21.00")], [bought("100.00", "21", "613010")], CARS)
    assert entry(books, collection="purchases")[1:] == [
        ("line", "613010", "100.00"),
        ("not_deductible", "613010", "21.00"),
    ]
    assert recap(books) == [("services", "0", "100.00", "21.00", "0.00")]


def test_vat_that_we_owe_ourselves_is_deducted_as_far_as_the_rest(keep: Keep) -> None:
    """A leased car from the Netherlands: all is due, half comes back, half is cost."""
    books = keep([purchase("100.00", "0.00")], [bought("100.00", "ic diensten", "612000")], CARS)
    assert entry(books, collection="purchases") == [
        ("party", "440000", "-100.00"),
        ("line", "612000", "100.00"),
        ("not_deductible", "612000", "10.50"),
        ("self_assessed_due", "451056", "-21.00"),
        ("self_assessed_deductible", "411000", "10.50"),
    ]


def test_each_account_and_project_bears_its_own_part(keep: Keep) -> None:
    """Two cars on two projects: the cost of VAT follows the cost."""
    books = keep(
        [purchase("100.00", "21.00")],
        [
            bought("40.00", "21", "612000", 1, project_id="7", activity_id="3"),
            bought("60.00", "21", "612000", 2, project_id="8", activity_id="4"),
        ],
        CARS,
    )
    costs = [row for row in books.postings.to_pylist() if row["kind"] == "not_deductible"]
    assert [(row["project_id"], row["activity_id"], str(row["amount"])) for row in costs] == [
        ("7", "3", "4.20"),
        ("8", "4", "6.30"),
    ]
    assert recap(books) == [("services", "50", "100.00", "21.00", "10.50")]


def test_the_accountants_numbers_stand_in_for_robaws_codes(keep: Keep) -> None:
    """The dossier has another chart of accounts than the tenant; rules for VAT look at the accountant's number."""
    accounts = COMPANY.accounts.model_copy(update={"renumber": {"604000": "612345"}})
    books = keep(
        [purchase("100.00", "21.00")],
        [bought("100.00", "21", "604000")],
        CARS.model_copy(update={"accounts": accounts}),
    )
    assert entry(books, collection="purchases")[1:] == [
        ("line", "612345", "100.00"),
        ("vat", "411000", "10.50"),
        ("not_deductible", "612345", "10.50"),
    ]


def test_a_default_account_of_the_treatment_goes_before_the_general_one(keep: Keep) -> None:
    """Turnover under reverse charge has an account of its own in many dossiers."""
    accounts = COMPANY.accounts.model_copy(update={"sales": {"reverse_charge": "700500"}, "default_sales": "700000"})
    company = COMPANY.model_copy(update={"accounts": accounts})
    books = keep(
        [document("1", vat="0", gross="100.00"), document("2")],
        [line("100.00", "verlegd", "1", **BARE), line("100.00", "21", "2", **BARE)],
        company,
    )
    assert [entry(books, id_)[1] for id_ in ("1", "2")] == [
        ("line", "700500", "-100.00"),
        ("line", "700000", "-100.00"),
    ]


@pytest.mark.parametrize(("of_parties", "account"), [(True, "701000"), (False, "700500")])
def test_the_party_s_own_account_goes_before_the_defaults_when_it_is_meant_for_lines(
    keep: Keep, of_parties: bool, account: str
) -> None:
    """What somebody chose for this customer says more than what holds for all; a line's own account says most."""
    accounts = COMPANY.accounts.model_copy(update={"sales": {"standard": "700500"}, "default_sales": "700000"})
    if of_parties:
        accounts = accounts.model_copy(update={"of_parties": True})
    books = keep(
        [document("1", party_id="8"), document("2", party_id="8")],
        [line("100.00", "21", "1", **BARE), line("100.00", "21", "2")],
        COMPANY.model_copy(update={"accounts": accounts}),
    )
    assert [entry(books, id_)[1] for id_ in ("1", "2")] == [
        ("line", account, "-100.00"),
        ("line", "700000", "-100.00"),
    ]


ARTICLES = table(
    schema.ARTICLES, [{"id": "55", "sales_gl_account_id": "71", "purchase_gl_account_id": "60"}, {"id": "56"}]
)


def test_an_article_s_account_goes_before_the_party_s_when_the_settings_ask_for_it() -> None:
    """Sales and purchases of an article have accounts of their own; an article without one says nothing."""
    given = {"of_articles": True, "of_parties": True, "default_sales": "700000", "default_purchases": "600000"}
    company = COMPANY.model_copy(update={"accounts": COMPANY.accounts.model_copy(update=given)})
    heads = table(
        schema.DOCUMENTS,
        [document("1", party_id="8"), document("2", party_id="8"), document("3"), purchase("100.00", "21.00")],
    )
    lines = table(
        schema.LINES,
        [
            line("100.00", "21", "1", article_id="55", **BARE),
            line("100.00", "21", "2", article_id="56", **BARE),
            line("100.00", "21", "3", article_id="55"),
            bought("100.00", "21", None, article_id="55", gl_account_name=None),
        ],
    )
    books = keep_books(heads, lines, PARTIES, GL_ACCOUNTS, company, articles=ARTICLES)
    booked = [row["account"] for row in books.postings.to_pylist() if row["kind"] == "line"]
    assert booked == ["604000", "701000", "701000", "700000"]
    without = company.model_copy(update={"accounts": company.accounts.model_copy(update={"of_articles": False})})
    books = keep_books(heads, lines, PARTIES, GL_ACCOUNTS, without, articles=ARTICLES)
    booked = [row["account"] for row in books.postings.to_pylist() if row["kind"] == "line"]
    assert booked == ["600000", "701000", "701000", "700000"]


def test_the_margin_scheme_is_held_until_the_settings_say_so(keep: Keep) -> None:
    """The name tells what it is, and not what the dossier does with it."""
    rows = [document(vat="0", gross="100.00")], [line("100.00", "Margeregeling")]
    held = keep(*rows)
    assert reasons(held) == {"margin_scheme": "line 1 'Post 1': tariff 'Margeregeling'"}
    settled = COMPANY.model_copy(update={"vat_tariffs": {"margeregeling": Tariff(treatment="margin_scheme")}})
    assert state(keep(*rows, settled))["state"] == "exported"


ACCOUNTS = ("604000", "612000", "612100", "613000", "613010", "230000", "499000")
TARIFFS = {"21": (21, 0), "6": (6, 0), "verlegd": (0, 21), "ic goederen": (0, 21), "vrijgesteld": (0, 0)}
purchase_lines = st.lists(
    st.tuples(
        st.decimals("-300", "900", places=2),
        st.sampled_from(list(TARIFFS)),
        st.sampled_from(ACCOUNTS),
        st.sampled_from([None, "7", "8"]),
    ),
    min_size=1,
    max_size=8,
)


def _percent(base: Decimal, rate: int) -> Decimal:
    return (base * rate / 100).quantize(CENT, ROUND_HALF_UP)


def _rows(lines: list[tuple[Decimal, str, str, str | None]], id_: str, type_: str) -> tuple[Row, list[Row]]:
    bases: dict[str, Decimal] = defaultdict(Decimal)
    for amount, tariff, *_ in lines:
        bases[tariff] += amount
    net, vat = sum(bases.values(), Decimal()), sum((_percent(b, TARIFFS[t][0]) for t, b in bases.items()), Decimal())
    head = purchase(str(net), str(vat), type=type_) | {"id": id_, "number": f"A{id_}"}
    return head, [bought(str(a), t, account, no, id_, project_id=p) for no, (a, t, account, p) in enumerate(lines, 1)]


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(month=st.lists(purchase_lines, min_size=1, max_size=15), order=st.randoms(use_true_random=False))
def test_parts_of_vat_always_add_up_to_the_vat_of_the_rate(
    keep: Keep, month: list[list[tuple[Decimal, str, str, str | None]]], order: Any
) -> None:
    """However VAT is taken apart: nothing is lost to rounding, every entry balances, a credit note mirrors it."""
    for type_, sign in (("INVOICE", 1), ("CREDIT_NOTE", -1)):
        rows = [_rows(lines, str(number), type_) for number, lines in enumerate(month)]
        heads, lines = [head for head, _ in rows], [one for _, its in rows for one in its]
        books = keep(heads, lines, CARS)
        order.shuffle(lines)
        assert keep(heads, lines, CARS) == books
        for number, given_lines in enumerate(month):
            id_ = str(number)
            if state(books, id_, "purchases")["state"] != "exported":
                assert sum(amount for amount, *_ in given_lines) < 0 or heads[number]["gross"] < 0
                continue
            vat = [row for row in books.vat.to_pylist() if row["document_id"] == id_]
            postings = [row for row in books.postings.to_pylist() if row["document_id"] == id_]
            assert sum(row["amount"] for row in postings) == 0
            for tariff, (rate, self_assessed) in TARIFFS.items():
                base = sum((amount for amount, name, *_ in given_lines if name == tariff), Decimal())
                treatment = CARS.tariff(None, tariff).treatment  # type: ignore[union-attr]
                parts = [row for row in vat if (row["treatment"], row["rate"]) == (treatment, rate)]
                assert sum(row["base"] for row in parts) == sign * base
                assert sum(row["vat"] for row in parts) == sign * _percent(base, rate)
                assert sum(row["self_assessed_vat"] for row in parts) == sign * _percent(base, self_assessed)
            all_vat = sum(row["vat"] + row["self_assessed_vat"] for row in vat)
            deducted = sum(row["deductible_vat"] for row in vat)
            by_kind: dict[str, Decimal] = defaultdict(Decimal)
            for row in postings:
                by_kind[row["kind"]] += row["amount"]
            assert by_kind["vat"] + by_kind["self_assessed_deductible"] == deducted
            assert by_kind["not_deductible"] == all_vat - deducted
            assert {row["account"] for row in postings if row["kind"] == "not_deductible"} <= {
                account for account in ACCOUNTS if account.startswith(("612", "613"))
            }


def test_the_natures_of_the_belgian_chart_stay_when_a_company_adds_none() -> None:
    """A company that only says what may be deducted keeps the usual natures."""
    made = Company.model_validate(
        {**COMPANY.model_dump(), "purchases": {"deductible": {"6120": Decimal(50)}}}  # as a settings file would
    )
    assert made.purchases.nature == {"60": "goods", "61": "services", "2": "investment"}
