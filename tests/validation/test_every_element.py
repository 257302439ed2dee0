"""A document of every element, one element taken out at a time: what each layer says, and what nobody asks for.

The official test suites work so; no package ships them.
"""

import copy
from functools import partial

import pytest
from lxml import etree
from ubl_files import CREDIT_NOTE, INVOICE

from robaws_pipeline.validation.pool import File, Pool

PARTY = ("StreetName", "CityName", "PostalZone", "CompanyID")
OPTIONAL = {
    "AdditionalDocumentReference", "Attachment", "PaymentMeans", "PaymentID", "PartyTaxScheme", "BillingReference",
    # Of a price: it is then the price without a discount.
    "AllowanceCharge", "BaseAmount",
    *PARTY,
}  # fmt: skip
"""What a document may be without; it is another document then, and no mistake."""
EXPECTED = {
    "en16931": {
        *(f"BR-{number:02}" for number in (*range(1, 16), *range(21, 27), 31, 32, 33, 36, 37, 38, 41, 42, 43, 44)),
        *("BR-45", "BR-46", "BR-47", "BR-48", "BR-49", "BR-50", "BR-52", "BR-61"),
        *("BR-CO-04", "BR-CO-10", "BR-CO-11", "BR-CO-12", "BR-CO-13", "BR-CO-15", "BR-CO-16", "BR-CO-18", "BR-S-02"),
    },
    "peppol": {
        f"PEPPOL-EN16931-R{number}" for number in ("001", "003", "007", "010", "020", "041", "043", "046", "120")
    } | {"PEPPOL-EN16931-R053"},
}  # fmt: skip
"""Rules that must have spoken when every element was missing once."""


def _without_one(content: bytes) -> dict[str, bytes]:
    """The document without each of its elements in turn, by the element's path."""
    whole = etree.fromstring(content)
    files = {}
    for number, element in enumerate(whole.iter("*")):
        if element is not whole:
            changed = copy.deepcopy(whole)
            gone = list(changed.iter("*"))[number]
            gone.getparent().remove(gone)
            files[whole.getroottree().getelementpath(element)] = etree.tostring(changed)
    return files


@pytest.mark.parametrize("content", [INVOICE, CREDIT_NOTE], ids=["invoice", "credit note"])
def test_an_element_that_is_missing_is_missed_by_the_layer_that_wants_it(rules: Pool, content: bytes) -> None:
    """A layer that is loaded and silent looks like a valid file; so each rule must have been heard."""
    files = _without_one(content)
    asked = [File(path, partial(bytes, file)) for path, file in files.items()]
    heard: dict[str, set[str]] = {}
    silent = set()
    for path, verdict in rules.verdicts(asked):
        if not verdict.fails:
            silent.add(path.rsplit("}", 1)[-1].split("[")[0])
        for finding in verdict.findings:
            heard.setdefault(finding.layer, set()).add(finding.rule)
    assert len(files) > 120
    assert silent <= OPTIONAL
    for layer, expected in EXPECTED.items():
        assert expected - heard[layer] == set()
