"""A year of UBL from the other server: valid everywhere, the same cents as Robaws and the manifest, no error unseen."""

import json
import re
import shutil
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest
from companies import ACCOUNT, KEY, SECRET, UNLIMITED, Place, company_toml
from contract_server import LINES, Robaws, harvest, serving, thing
from foreign_ubl import READERS, Party, Rate, Read
from lxml import etree
from planted_cents import planted

from robaws_pipeline.sandbox.server import running
from robaws_pipeline.sandbox.world import build_world
from robaws_pipeline.validation import Verdict, sample
from robaws_pipeline.validation.pool import File, Pool

FIRST, LAST = "2025-01", "2025-12"
FORMATS = {"sales": "ubl", "purchases": "ubl_purchases"}
CENT = Decimal("0.01")
NAMES = {
    "cac": "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2",
    "cbc": "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2",
}
TARIFFS: Mapping[str, tuple[str, int]] = {
    "21": ("S", 21), "12": ("S", 12), "6": ("S", 6), "verlegd": ("AE", 0), "export": ("G", 0),
    "intracommunautaire levering": ("K", 0),
}  # fmt: skip
"""What each tariff of this Robaws is in EN 16931, written down by hand."""


@dataclass(frozen=True)
class Written:
    """One UBL file and the row of its document in the manifest."""

    path: Path
    row: dict[str, Any]

    @property
    def key(self) -> tuple[str, str]:
        """Collection and id."""
        return self.row["collection"], self.row["id"]

    @property
    def sign(self) -> int:
        """What makes its amounts those of the manifest."""
        return -1 if self.row["type"] == "CREDIT_NOTE" else 1


@dataclass(frozen=True)
class Year:
    """A company of which a year was loaded, and what the server holds."""

    place: Place
    robaws: Robaws

    @property
    def exports(self) -> Path:
        """The folders of the months."""
        return self.place.folder / "exports" / "proef"

    def rows(self) -> list[tuple[str, dict[str, Any]]]:
        """Month and row of every document in the manifests."""
        return [(month, row) for month, manifest in self.place.manifests().items() for row in manifest["documents"]]

    def files(self) -> list[Written]:
        """Every UBL file that a manifest names."""
        return [
            Written(self.exports / month / name, row)
            for month, row in self.rows()
            for name in row["files"]
            if name.endswith(".xml") and name.split("/")[0] in FORMATS.values()
        ]


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Year:
    """Loaded by the command that a user types, over a server that shares nothing with the sandbox."""
    world = build_world(first_month=FIRST, last_month=LAST, sales_per_month=12, purchases_per_month=8)
    with running(world, switches=UNLIMITED, accounts=[ACCOUNT]) as sandbox:
        robaws = harvest(sandbox.base_url, KEY, SECRET)
    _misspell_a_country(robaws)
    place = Place(tmp_path_factory.mktemp("ubl_year"))
    with serving(robaws, KEY, SECRET) as server:
        place.write(company_toml(server.base_url) + '\nformats = ["journal", "ubl", "ubl_purchases"]\n')
        result = place.invoke("load", "--from", FIRST, "--to", LAST)
        assert result.exit_code == 0, result.output
    return Year(place, robaws)


def _misspell_a_country(robaws: Robaws) -> None:
    """So that the books export documents which UBL cannot say."""
    clients = robaws["clients"].things
    first = min(clients)
    whole = clients[first].whole.replace(b'"country":"BE"', b'"country":"Belgie-land"')
    assert whole != clients[first].whole
    clients[first] = thing(whole, whole)


def test_every_file_is_valid_in_all_layers(year: Year) -> None:
    """A file that one gateway or program refuses is an invoice that was not booked."""
    result = year.place.invoke("validate", "--json", str(year.exports))
    told = json.loads(result.stdout)
    assert [row for row in told["findings"] if row["severity"] == "error"] == []
    assert result.exit_code == 0
    files = year.files()
    over_peppol = sum(b"urn:fdc:peppol.eu:2017:poacc:billing:3.0" in file.path.read_bytes() for file in files)
    assert told["documents"] == told["files"] == len(files) > 200
    assert told["layers"] == {"file": len(files), "xsd": len(files), "own": len(files), "en16931": len(files),
                              "peppol": over_peppol}  # fmt: skip
    assert over_peppol > 150
    # Of the warnings each is a thing that Robaws says so: a credit note without its invoice, a total that was rounded.
    assert set(told["rules"]) <= {"OWN-CREDITED", "OWN-LINE", "OWN-PERCENTAGE"}


def test_every_document_is_in_one_file_or_held_with_its_rule(year: Year) -> None:
    """Nothing disappears: what is in no file is in the manifest, with a rule and words for a person."""
    held = Counter[str]()
    for _, row in year.rows():
        format_ = FORMATS[row["collection"]]
        files = [name for name in row["files"] if name.startswith(f"{format_}/") and name.endswith(".xml")]
        reasons = row["reasons"] + row["formats_held"].get(format_, [])
        exported = row["state"] == "exported"
        assert len(files) == (exported and not reasons), row
        assert bool(reasons) == (row["state"] == "held" or (exported and not files)), row
        for reason in reasons:
            assert reason["text"].endswith(".")
            held[reason["code"]] += 1
    assert {"ubl_country", "account_missing", "net_differs", "tariff_unmapped"} <= set(held)
    on_disk = {path for name in FORMATS.values() for path in year.exports.glob(f"*/{name}/*.xml")}
    assert on_disk == {file.path for file in year.files()}


def _amount(root: Any, path: str) -> Decimal:
    return Decimal(str(root.findtext(path, namespaces=NAMES)))


def test_sums_of_the_xml_are_those_of_the_manifest(year: Year) -> None:
    """What the accountant adds up in the program must be what the control totals say, document by document too."""
    sums: dict[tuple[str, str, str], list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 4)
    for file in year.files():
        root = etree.parse(str(file.path)).getroot()
        assert etree.QName(root).localname == ("CreditNote" if file.sign < 0 else "Invoice")
        total = "cac:LegalMonetaryTotal/cbc:"
        net = file.sign * _amount(root, f"{total}TaxExclusiveAmount")
        gross = file.sign * _amount(root, f"{total}PayableAmount")
        rounding = file.sign * Decimal(str(root.findtext(f"{total}PayableRoundingAmount", "0", NAMES)))
        vat = file.sign * _amount(root, "cac:TaxTotal/cbc:TaxAmount")
        lines = root.findall("cac:InvoiceLine", NAMES) + root.findall("cac:CreditNoteLine", NAMES)
        assert sum(_amount(line, "cbc:LineExtensionAmount") for line in lines) == file.sign * net
        # The manifest's VAT is what Robaws asked; a rounding is beside the VAT of the law.
        found = [Decimal(1), net, vat + rounding, gross]
        assert [Decimal(file.row[name]) for name in ("net", "vat", "gross")] == found[1:], file.path
        key = file.path.parent.parent.name, file.row["collection"], file.row["type"]
        sums[key] = [before + amount for before, amount in zip(sums[key], found, strict=True)]
    for month, manifest in year.place.manifests().items():
        for collection, types in manifest["totals"].items():
            for type_, states in types.items():
                exported = states["exported"]
                written = sums[month, collection, type_]
                held = [row for row in manifest["documents"]
                        if (row["collection"], row["type"], row["state"]) == (collection, type_, "exported")
                        and FORMATS[collection] in row["formats_held"]]  # fmt: skip
                in_none = [
                    Decimal(len(held)),
                    *(sum((Decimal(row[name]) for row in held), Decimal(0)) for name in ("net", "vat", "gross")),
                ]
                assert [a + b for a, b in zip(written, in_none, strict=True)] == [
                    Decimal(exported[name]) for name in ("count", "net", "vat", "gross")
                ], (month, collection, type_)


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)


def _as_robaws_says(robaws: Robaws) -> Iterator[tuple[tuple[str, str], Read]]:
    """Every document, from the JSON that the server sends."""
    us = Party("Proef Installaties BV", "BE", "BE0999000129")
    for path, lines_key in LINES.items():
        sale = path.startswith("sales")
        parties = robaws["clients" if sale else "suppliers"].things
        for one in robaws[path].things.values():
            document = json.loads(one.whole, parse_float=Decimal, parse_int=Decimal)
            party_id = document["clientId" if sale else "supplierId"]
            lines = [
                (TARIFFS.get(line["vatTariff"]["name"].casefold(), ("?", 0)), _cents(line["totalExclVat"]))
                for line in document[lines_key]
                if line["type"] == "LINE"
            ]
            if party_id is None or any(rate[0] == "?" for rate, _ in lines):
                continue  # the books hold it
            bases: dict[Rate, Decimal] = defaultdict(Decimal)
            for (category, percent), net in lines:
                bases[category, Decimal(percent)] += net
            groups = {rate: (base, _cents(base * rate[1] / 100)) for rate, base in bases.items()}
            whose = json.loads(parties[int(party_id)].whole)
            them = Party(
                whose["name"],
                (whose["invoiceAddress"] or whose["address"])["country"],
                whose["vatIdNumber"] and re.sub(r"[^A-Z0-9]", "", whose["vatIdNumber"]),
            )
            yield (
                ("sales" if sale else "purchases", document["id"]),
                Read(
                    type="381" if document["type"] == "CREDIT_NOTE" else "380",
                    number=document["logicId" if sale else "invoiceNumber"],
                    date=document["date"],
                    seller=us if sale else them,
                    buyer=them if sale else us,
                    lines=[((category, Decimal(percent)), net) for (category, percent), net in lines],
                    groups=groups,
                    net=_cents(document["totalExclVat"]),
                    vat=sum((vat for _, vat in groups.values()), Decimal(0)),
                    payable=_cents(document["totalInclVat"]),
                ),
            )


@pytest.mark.parametrize("reader", READERS)
def test_readers_of_others_read_what_robaws_says(year: Year, reader: str) -> None:
    """From the JSON of one server to a program that others wrote, and nothing of ours says whether it is the same."""
    expected = dict(_as_robaws_says(year.robaws))
    for file in year.files():
        assert READERS[reader](file.path.read_bytes()) == expected[file.key], file.path


_LINE = re.compile(r"<cac:(?:Invoice|CreditNote)Line>.*?</cac:(?:Invoice|CreditNote)Line>", re.DOTALL)
KINDS: Mapping[str, tuple[str, str]] = {
    "line net": (r"Quantity>(<cbc:LineExtensionAmount currencyID=\"EUR\">)([\d.]+)<", "OWN-LINES"),
    "price": (r"(<cbc:PriceAmount currencyID=\"EUR\">)([\d.]+)<", "OWN-LINE"),
    "quantity": (r"(edQuantity unitCode=\"\w+\">)([\d.]+)<", "OWN-LINE"),
    "allowance": (r"MultiplierFactorNumeric>(<cbc:Amount currencyID=\"EUR\">)([\d.]+)<", "OWN-LINE"),
    "base of a rate": (r"(<cbc:TaxableAmount currencyID=\"EUR\">)([\d.]+)<", "OWN-VAT-BASE"),
    "VAT of a rate": (r"TaxableAmount>(<cbc:TaxAmount currencyID=\"EUR\">)([\d.]+)<", "OWN-VAT"),
    "VAT": (r"<cac:TaxTotal>(<cbc:TaxAmount currencyID=\"EUR\">)([\d.]+)<", "OWN-VAT-TOTAL"),
    "sum of the lines": (r"MonetaryTotal>(<cbc:LineExtensionAmount currencyID=\"EUR\">)([\d.]+)<", "OWN-LINES"),
    "total without VAT": (r"(<cbc:TaxExclusiveAmount currencyID=\"EUR\">)([\d.]+)<", "OWN-NET"),
    "total with VAT": (r"(<cbc:TaxInclusiveAmount currencyID=\"EUR\">)([\d.]+)<", "OWN-GROSS"),
    "rounding": (r"(<cbc:PayableRoundingAmount currencyID=\"EUR\">)(-?[\d.]+)<", "OWN-PAYABLE"),
    "payable": (r"(<cbc:PayableAmount currencyID=\"EUR\">)([\d.]+)<", "OWN-PAYABLE"),
}
"""Kind of amount → where it stands, and the rule that recomputes it."""


@dataclass(frozen=True)
class Planted:
    """A copy of the year with a wrong cent of each kind, each in a file of its own, and what `validate` says of it."""

    exit_code: int
    invalid: int
    rules: Mapping[str, set[tuple[str, str]]]
    """Kind → severity and rule of its findings."""


@pytest.fixture(scope="module")
def mistaken(year: Year, tmp_path_factory: pytest.TempPathFactory) -> Planted:
    """Checked once for all kinds: reading the rules takes a second."""
    exports = tmp_path_factory.mktemp("mistaken") / "exports"
    shutil.copytree(year.exports, exports)
    files = sorted(exports.glob("*/ubl*/*.xml"))
    kinds: dict[str, str] = {}
    for kind, (pattern, _) in KINDS.items():
        for path in files:
            text = path.read_text(encoding="utf-8")
            found = re.search(pattern, text)
            # Of many pieces, so that a cent is more than rounding on the total of the line.
            if found is None or str(path) in kinds or not (kind in {"price", "quantity"}) <= _sells_much(text):
                continue
            wrong = f"{Decimal(found[2]) + CENT:f}"
            path.write_text(text[: found.start(2)] + wrong + text[found.end(2) :], encoding="utf-8")
            kinds[str(path)] = kind
            break
    assert set(kinds.values()) == set(KINDS), "the year has an amount of each kind"
    result = year.place.invoke("validate", "--json", str(exports))
    told = json.loads(result.stdout)
    rules: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for row in told["findings"]:
        if row["file"] in kinds:
            rules[kinds[row["file"]]].add((row["severity"], row["rule"]))
    return Planted(result.exit_code, told["invalid"], rules)


def _sells_much(text: str) -> bool:
    """Whether the first line is of many pieces of some price."""
    line = _LINE.search(text)
    assert line is not None
    quantity, price = (re.search(rf"{tag}[^>]*>([\d.]+)<", line[0]) for tag in ("edQuantity", "PriceAmount"))
    return quantity is not None and price is not None and min(Decimal(quantity[1]), Decimal(price[1])) >= 4


@pytest.mark.parametrize("kind", KINDS)
def test_a_wrong_cent_is_reported_and_is_exit_1(mistaken: Planted, kind: str) -> None:
    """By the rule that computes this amount, and as a file that is not what was written."""
    assert mistaken.exit_code == 1
    assert mistaken.invalid == len(KINDS)
    rules = mistaken.rules[kind]
    assert ("error", "OWN-CHANGED") in rules
    # A cent in an allowance is within what Peppol forgives on a line, so by itself it is a warning.
    assert ("warning" if kind == "allowance" else "error", KINDS[kind][1]) in rules


@pytest.fixture(scope="module")
def rules() -> Iterator[Pool]:
    """One process that checks."""
    with Pool(1) as pool:
        yield pool


def test_no_cent_of_a_written_file_is_wrong_unseen(year: Year, rules: Pool) -> None:
    """Every amount of files of every kind, up and down, seen by the rules that compute, without the manifest."""
    files = {str(file.path): file.path.read_bytes() for file in year.files()}

    def verdicts(contents: Mapping[str, bytes]) -> dict[str, Verdict]:
        asked = [File(name, lambda content=content: content) for name, content in contents.items()]  # type: ignore[misc]
        return dict(rules.verdicts(asked, "quick"))

    right = verdicts(files)
    chosen = sample.covering({name: verdict.traits for name, verdict in right.items()}, 40)
    wrong = {(name, number): one for name in chosen for number, one in enumerate(planted(files[name]))}
    found = verdicts({f"{name} {number}": content for (name, number), (_, content) in wrong.items()})
    silent = Counter(
        what.split()[0]
        for (name, number), (what, _) in wrong.items()
        if set(found[f"{name} {number}"].findings) <= set(right[name].findings)
    )
    assert len(wrong) > 1000
    # The price of less than half a piece: a cent of it is less than half a cent of the total.
    assert set(silent) <= {"BaseAmount", "PriceAmount"}
    assert silent.total() < len(wrong) / 50
