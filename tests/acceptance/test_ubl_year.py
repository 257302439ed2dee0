"""A year of UBL from the other server: valid everywhere, the same cents as Robaws and the manifest, no error unseen."""

import json
import re
import shutil
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from foreign_ubl import READERS
from lxml import etree
from planted_cents import planted
from ubl_year import CENT, FORMATS, Year, as_robaws_says, loaded_year

from robaws_pipeline.validation import Verdict, sample
from robaws_pipeline.validation.pool import File, Pool

NAMES = {
    "cac": "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2",
    "cbc": "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2",
}


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Year:
    """One load for all tests here."""
    return loaded_year(tmp_path_factory.mktemp("ubl_year"))


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


@pytest.mark.parametrize("reader", READERS)
def test_readers_of_others_read_what_robaws_says(year: Year, reader: str) -> None:
    """From the JSON of one server to a program that others wrote, and nothing of ours says whether it is the same."""
    expected = dict(as_robaws_says(year.robaws))
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
        asked = [File(name, partial(bytes, content)) for name, content in contents.items()]
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
