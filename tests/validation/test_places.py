"""Places as people read them, from both ways in which the official rules write them."""

import pytest
from lxml import etree
from ubl_files import INVOICE

from robaws_pipeline.validation.places import located, without_namespaces
from robaws_pipeline.validation.reading import NAMESPACES

_ROOT = "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"
_CAC, _CBC = NAMESPACES["cac"], NAMESPACES["cbc"]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (f"/Q{{{_ROOT}}}Invoice[1]/Q{{{_CAC}}}InvoiceLine[2]/Q{{{_CBC}}}ID[1]", "/Invoice/cac:InvoiceLine[2]/cbc:ID"),
        (
            f"/*:Invoice[namespace-uri()='{_ROOT}'][1]/*:InvoiceLine[namespace-uri()='{_CAC}'][3]",
            "/Invoice/cac:InvoiceLine[3]",
        ),
        (f"/Q{{{_ROOT}}}Invoice[1]", "/Invoice"),
        (f"/Q{{{_ROOT}}}Invoice[1]/Q{{{_CBC}}}ID[1]/@schemeID", "/Invoice/cbc:ID/@schemeID"),
        (f"/Q{{{_ROOT}}}Invoice[1]/Q{{{_CBC}}}Note[7]", "/Invoice[1]/cbc:Note[7]"),
    ],
)
def test_location_of_a_rule_is_an_xpath_that_can_be_typed(written: str, read: str) -> None:
    """Nobody finds a place that is three lines of namespaces; one that is not there is said as it came."""
    assert located(etree.fromstring(INVOICE), written) == read


def test_message_of_the_schema_has_short_names() -> None:
    """libxml2 writes the namespace out in front of each of twenty expected names."""
    assert (
        without_namespaces(f"Expected is one of ( {{{_CBC}}}ID, {{{_ROOT}}}X )") == "Expected is one of ( cbc:ID, X )"
    )
