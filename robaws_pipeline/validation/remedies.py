"""What to do when an official rule is broken: the ones that are met in practice, by the start of their id."""

from robaws_pipeline.validation import Layer

_BY_RULE = {
    "PEPPOL-EN16931-R001": "Write the ProfileID of Peppol BIS Billing 3.",
    "PEPPOL-EN16931-R002": "Join the notes of the document into one.",
    "PEPPOL-EN16931-R003": "Fill in the customer's reference, or an order number.",
    "PEPPOL-EN16931-R004": "Write the CustomizationID of Peppol BIS Billing 3, or of plain EN 16931.",
    "PEPPOL-EN16931-R007": "Write the ProfileID of Peppol BIS Billing 3.",
    "PEPPOL-EN16931-R008": "Leave an element without a value out.",
    "PEPPOL-EN16931-R010": "Give the customer an electronic address, or send the document as plain EN 16931.",
    "PEPPOL-EN16931-R020": "Give the seller an electronic address: it follows from the VAT number in the settings.",
    "PEPPOL-EN16931-R04": "Give an allowance or charge its percentage and its base together, or neither.",
    "PEPPOL-EN16931-R051": "Write the document's currency on every amount.",
    "PEPPOL-EN16931-R061": "A direct debit names its mandate; write another way of paying when it is not known.",
    "PEPPOL-EN16931-R11": "Let the period of each line lie inside that of the document.",
    "PEPPOL-EN16931-R120": "Let quantity × price be the total of the line: a discount belongs in the price or apart.",
    "PEPPOL-EN16931-CL008": "Use a scheme of Peppol's list, 0208 for a Belgian enterprise number; an e-mail is none.",
    "PEPPOL-EN16931-F001": "Write dates as YYYY-MM-DD.",
    "PEPPOL-EN16931-P01": "Let code, category and document type belong together, as the sentence says.",
    "PEPPOL-COMMON-R043": "Write the ten digits of the enterprise number, without dots or BE, and correct.",
    "BR-27": "Give the quantity the sign: a price is never negative.",
    "BR-61": "Write the account for a credit transfer, or another way of paying.",
    "BR-AE-02": "Fill in the VAT numbers of both parties, or charge VAT.",
    "BR-IC-02": "Fill in the VAT numbers of both parties, or charge VAT.",
    "BR-IC-11": "Say when the goods were delivered, or over which period.",
    "BR-IC-12": "Say to which country the goods went.",
    "BR-O-": "Outside the scope of VAT stands alone on a document, without rates and VAT numbers.",
    "BR-CL-14": "Write the two letters of the country (ISO 3166-1), not its name.",
    "BR-CL-11": "Use a scheme of the ISO 6523 list: 0208 for a Belgian enterprise number.",
    "BR-CL-25": "Use a scheme of the list of electronic addresses: 0208 for a Belgian enterprise number.",
    "BR-CL-23": "Write a unit code of UN/ECE Recommendation 20 or 21, not the word.",
    "BR-CO-09": "Write VAT numbers with the country in front (EL for Greece).",
    "BR-CO-1": "Let the program that made the file add up again.",
    "BR-DEC": "Write amounts with two decimals at most.",
    "UBL-DT-01": "Write amounts with two decimals at most.",
    "UBL-SR": "Write the element once.",
    "XSD-ELEMENT_CONTENT": "Put the elements in the order of the schema, and leave out what it does not know.",
}
_REASON = "Say why no VAT is charged: a reason code or a text in the VAT breakdown."
_NO_REASON = "Take the exemption reason out: this category charges VAT, or has a rate of zero."
_EXEMPT, _CHARGED = ("BR-AE-10", "BR-IC-10", "BR-G-10", "BR-E-10", "BR-O-10"), ("BR-S-10", "BR-Z-10")
_BY_RULE |= dict.fromkeys(_EXEMPT, _REASON) | dict.fromkeys(_CHARGED, _NO_REASON)

_BY_LAYER: dict[Layer, str] = {
    "xsd": "Correct the value or the element; the schema allows no other.",
    "en16931": "Correct what the rule names in the program that made the file.",
    "peppol": "Correct what the rule names in the program that made the file.",
}


def remedy(layer: Layer, rule: str) -> str:
    """What to do about a broken official rule; the longest id that begins it says so, else the layer."""
    found = max((known for known in _BY_RULE if rule.startswith(known)), key=len, default=None)
    return _BY_LAYER[layer] if found is None else _BY_RULE[found]
