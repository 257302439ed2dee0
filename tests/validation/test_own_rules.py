"""What the official rules let through is caught, one mistake at a time, by the rule that is for it."""

from collections.abc import Callable

import pytest
from planted_cents import planted
from ubl_files import CREDIT_NOTE, INVOICE, PDF, changed, without

from robaws_pipeline.validation import Verdict
from robaws_pipeline.validation.own_rules import RULES

Check = Callable[[bytes], Verdict]

_GROUP_6 = r"<cac:TaxSubtotal>(?:(?!TaxSubtotal).)*132\.00.*?</cac:TaxSubtotal>"
_NO_6 = changed(
    changed(changed(without(INVOICE, _GROUP_6), ">39.84<", ">31.92<"), ">323.84<", ">315.92<"), ">223.80<", ">215.88<"
)


def _vat_off(content: bytes) -> bytes:
    """The VAT of a rate 0.99 too high, and every total with it."""
    for old, new in (("31.92", "32.91"), ("39.84", "40.83"), ("323.84", "324.83"), ("223.80", "224.79")):
        content = changed(content, f">{old}<", f">{new}<")
    return content


def _negative(content: bytes) -> bytes:
    """Every total turned round."""
    signed = ("39.84", "31.92", "7.92", "152.00", "132.00", "288.46", "284.00", "323.84", "223.80", "180.00", "128.46")
    for amount in signed:
        content = changed(content, f'"EUR">{amount}<', f'"EUR">-{amount}<')
    return content


UNSEEN = {
    "VAT of a rate 0.99 too high, totals with it": (_vat_off(INVOICE), "OWN-VAT"),
    "base of a rate 0.99 too high": (
        changed(INVOICE, ">152.00<", ">152.99<"),
        "OWN-VAT-BASE",
    ),
    "a whole rate missing, totals without it": (_NO_6, "OWN-VAT-GROUPS"),
    "two lines with one id": (changed(INVOICE, "<cbc:ID>3</cbc:ID>", "<cbc:ID>2</cbc:ID>"), "OWN-LINE-IDS"),
    "neither due date nor terms": (without(INVOICE, "<cbc:DueDate>.*?</cbc:DueDate>"), "OWN-TERMS"),
    "credit note without its invoice": (
        without(CREDIT_NOTE, "<cac:BillingReference>.*?</cac:BillingReference>"),
        "OWN-CREDITED",
    ),
    "Belgian VAT number": (changed(INVOICE, "BE0999000327", "BE0999000328"), "OWN-VAT-NUMBER"),
    "structured communication": (changed(INVOICE, "14762+++", "14763+++"), "OWN-REFERENCE"),
    "IBAN": (changed(INVOICE, "BE71096123456769", "BE71096123456768"), "OWN-IBAN"),
    "HTML as a PDF": (changed(INVOICE, PDF, "PGh0bWw+PC9odG1sPg=="), "OWN-PDF"),
}
"""Mistakes that were tried: no official rule minds them."""


def _official(verdict: Verdict) -> list[str]:
    return [finding.rule for finding in verdict.findings if finding.layer != "own"]


def _own(verdict: Verdict) -> set[str]:
    return {finding.rule for finding in verdict.findings if finding.layer == "own"}


@pytest.mark.parametrize("content", [INVOICE, CREDIT_NOTE], ids=["invoice", "credit note"])
def test_a_right_file_is_right_in_every_layer(check: Check, content: bytes) -> None:
    """A rule that minds right files is switched off, and catches nothing any more."""
    verdict = check(content)
    assert verdict.findings == ()
    assert set(verdict.layers) == {"file", "xsd", "en16931", "peppol", "own"}


@pytest.mark.parametrize("mistake", UNSEEN)
def test_what_no_official_rule_sees_is_seen(check: Check, mistake: str) -> None:
    """These are the reason why there are own rules. Should an official one learn to see it, we want to know."""
    content, rule = UNSEEN[mistake]
    verdict = check(content)
    assert _official(verdict) == []
    assert rule in _own(verdict)


@pytest.mark.parametrize("content", [INVOICE, CREDIT_NOTE], ids=["invoice", "credit note"])
def test_a_wrong_cent_in_any_amount_is_reported(check: Check, content: bytes) -> None:
    """The promise: not one amount of a file can be a cent off without a word.

    But for the base of a percentage, of which a cent may be less than half a cent of the amount: what that base is, no
    rule says.
    """
    files = list(planted(content))
    assert len(files) == 2 * 27
    silent = [what for what, wrong in files if not _own(check(wrong))]
    assert silent == ["BaseAmount 160.00 -> 160.01", "BaseAmount 160.00 -> 159.99",
                      "BaseAmount 200.00 -> 200.01", "BaseAmount 200.00 -> 199.99"]  # fmt: skip


_CASES = {
    "OWN-LINE": (changed(INVOICE, ">128.46<", ">128.49<"), "/Invoice/cac:InvoiceLine[2]/cbc:LineExtensionAmount"),
    "OWN-PRICE": (changed(INVOICE, ">12.00<", ">12.01<"), "/Invoice/cac:InvoiceLine[3]/cac:Price/cbc:PriceAmount"),
    "OWN-PERCENTAGE": (changed(INVOICE, ">5</cbc:Mult", ">6</cbc:Mult"), "/Invoice/cac:AllowanceCharge[1]/cbc:Amount"),
    "OWN-LINES": (changed(INVOICE, ">288.46<", ">288.45<"), "/Invoice/cac:LegalMonetaryTotal/cbc:LineExtensionAmount"),
    "OWN-ALLOWANCES": (without(INVOICE, "<cbc:AllowanceTotal.*?</cbc:AllowanceTotalAmount>"),
                       "/Invoice/cac:LegalMonetaryTotal/cbc:LineExtensionAmount"),
    "OWN-CHARGES": (changed(INVOICE, '"EUR">3.54</cbc:Charge', '"EUR">3.53</cbc:Charge'),
                    "/Invoice/cac:LegalMonetaryTotal/cbc:ChargeTotalAmount"),
    "OWN-NET": (changed(INVOICE, ">284.00<", ">284.01<"), "/Invoice/cac:LegalMonetaryTotal/cbc:TaxExclusiveAmount"),
    "OWN-VAT-GROUPS": (_NO_6, "/Invoice/cac:TaxTotal/cac:TaxSubtotal"),
    "OWN-VAT-BASE": (changed(INVOICE, ">132.00<", ">131.99<"),
                     "/Invoice/cac:TaxTotal/cac:TaxSubtotal[2]/cbc:TaxableAmount"),
    "OWN-VAT": (changed(INVOICE, ">7.92<", ">7.93<"), "/Invoice/cac:TaxTotal/cac:TaxSubtotal[2]/cbc:TaxAmount"),
    "OWN-VAT-TOTAL": (changed(INVOICE, ">39.84<", ">39.83<"), "/Invoice/cac:TaxTotal/cbc:TaxAmount"),
    "OWN-GROSS": (changed(INVOICE, ">323.84<", ">323.85<"), "/Invoice/cac:LegalMonetaryTotal/cbc:TaxInclusiveAmount"),
    "OWN-PAYABLE": (changed(INVOICE, ">-0.04<", ">0.04<"), "/Invoice/cac:LegalMonetaryTotal/cbc:PayableAmount"),
    "OWN-PROFILE": (changed(INVOICE, "billing:3.0<", "billing:3.1<"), "/Invoice"),
    "OWN-CURRENCY": (changed(INVOICE, 'ID="EUR">7.92', 'ID="USD">7.92'),
                     "/Invoice/cac:TaxTotal/cac:TaxSubtotal[2]/cbc:TaxAmount"),
    "OWN-LINE-IDS": (changed(INVOICE, "<cbc:ID>3</cbc:ID>", "<cbc:ID>1</cbc:ID>"), "/Invoice/cac:InvoiceLine[3]"),
    "OWN-SIGN": (_negative(CREDIT_NOTE), "/CreditNote/cac:LegalMonetaryTotal/cbc:TaxExclusiveAmount"),
    "OWN-CREDITED": (without(CREDIT_NOTE, "<cac:BillingReference>.*?</cac:BillingReference>"), "/CreditNote"),
    "OWN-TERMS": (without(INVOICE, "<cbc:DueDate>.*?</cbc:DueDate>"), "/Invoice"),
    "OWN-VAT-NUMBER": (changed(INVOICE, '"0208">0999000327', '"0208">0999000328'),
                       "/Invoice/cac:AccountingCustomerParty/cac:Party/cbc:EndpointID"),
    "OWN-IBAN": (changed(INVOICE, "BE71096123456769", "BE71096123456760"),
                 "/Invoice/cac:PaymentMeans/cac:PayeeFinancialAccount/cbc:ID"),
    "OWN-REFERENCE": (changed(INVOICE, "+++000/2600/14762+++", "000260014763"),
                      "/Invoice/cac:PaymentMeans/cbc:PaymentID"),
    "OWN-BUYER-VAT": (without(INVOICE.replace(b"<cbc:ID>S<", b"<cbc:ID>AE<"),
                              "<cac:PartyTaxScheme><cbc:CompanyID>BE0999000327.*?</cac:PartyTaxScheme>"),
                      "/Invoice/cac:AccountingCustomerParty/cac:Party"),
    "OWN-PDF": (changed(INVOICE, PDF, "PGh0bWw+PC9odG1sPg=="),
                "/Invoice/cac:AdditionalDocumentReference/cac:Attachment/cbc:EmbeddedDocumentBinaryObject"),
}  # fmt: skip


_WARNINGS = {"OWN-PROFILE", "OWN-CREDITED", "OWN-REFERENCE"}
"""What is no mistake of whoever wrote the file."""


def test_no_rule_is_without_a_case_and_no_case_without_its_rule() -> None:
    """A rule that somebody takes out must be missed; one without a mistake that it catches may as well not be there."""
    assert [rule.id for rule in RULES] == list(_CASES)


@pytest.mark.parametrize("id_", _CASES)
def test_each_rule_catches_its_mistake_and_says_where(check: Check, id_: str) -> None:
    """Whoever must mend it needs the place, what is wrong and what to do; and must know whether it can wait."""
    content, place = _CASES[id_]
    found = [finding for finding in check(content).findings if finding.rule == id_]
    assert [finding.place for finding in found][:1] == [place]
    assert found[0].fatal == (id_ not in _WARNINGS)
    rule = next(rule for rule in RULES if rule.id == id_)
    assert found[0].sentence.startswith(f"{rule.demand}: ")
    assert found[0].remedy == rule.remedy


@pytest.mark.parametrize(
    ("content", "rule", "fatal"),
    [
        (changed(INVOICE, ">12.3456<", ">12.3436<"), "OWN-LINE", False),
        (changed(INVOICE, ">12.3456<", ">12.3426<"), "OWN-LINE", True),
        (_negative(INVOICE), "OWN-SIGN", False),
        (_negative(CREDIT_NOTE), "OWN-SIGN", True),
        (changed(INVOICE, "BE0999000327", "NL123456783B12"), "OWN-VAT-NUMBER", False),
    ],
    ids=["two cents", "three cents", "negative invoice", "negative credit note", "foreign VAT number"],
)
def test_what_is_allowed_is_a_warning(check: Check, content: bytes, rule: str, fatal: bool) -> None:
    """What EN 16931 allows must not stop a delivery, and must not pass unseen."""
    assert {finding.fatal for finding in check(content).findings if finding.rule == rule} == {fatal}


def test_amounts_are_exact_beyond_any_float(check: Check) -> None:
    """Ten billion and a cent is not ten billion; 0.5 of a cent goes up, also below zero."""
    big = INVOICE
    for old, new in (("-20.00", "-20000000000.00"), (">-2<", ">-2000000000<")):
        big = changed(big, old, new)
    found = {finding.rule: finding.sentence for finding in check(big).findings}
    assert "they add up to -19999999691.54, the file says 288.46" in found["OWN-LINES"]
    half = changed(INVOICE, ">152.00<", ">-0.50<")
    assert "21 % of -0.50 is -0.11, the file says 31.92" in "".join(f.sentence for f in check(half).findings)
