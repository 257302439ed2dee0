"""Why a document cannot be said in valid UBL: the sentences and remedies of held.csv, in each language.

Details are facts (names, numbers, amounts), which read the same in all of them.
"""

from collections.abc import Mapping

from robaws_pipeline.reasons import Language, Reason, Task

_TASKS: Mapping[str, Task] = {
    "ubl_customer": "in Robaws",
    "ubl_buyer_vat": "in Robaws",
    "ubl_supplier": "in Robaws",
    "ubl_supplier_number": "in Robaws",
    "ubl_supplier_vat": "in Robaws",
    "ubl_supplier_vat_missing": "in Robaws",
    "ubl_seller": "in the settings",
    "ubl_country": "in Robaws",
    "ubl_buyer_vat_missing": "in Robaws",
    "ubl_outside_scope_mixed": "in the settings",
    "ubl_tariff": "in the settings",
    "ubl_currency": "at the accountant",
    "ubl_header": "in Robaws",
    "ubl_no_lines": "in Robaws",
    "ubl_line_amount": "in Robaws",
    "ubl_negative": "in Robaws",
    "ubl_totals": "at the accountant",
}
_SALES_ONLY = ("ubl_customer", "ubl_buyer_vat")
_PURCHASES_ONLY = ("ubl_supplier", "ubl_supplier_number", "ubl_supplier_vat", "ubl_supplier_vat_missing")

_ENGLISH = {
    "ubl_customer": (
        "A UBL document must name its customer: {detail}.",
        "Fill in the client and its name in Robaws.",
    ),
    "ubl_buyer_vat": (
        "A Belgian VAT number of the customer has wrong check digits (PEPPOL-COMMON-R043): {detail}.",
        "Correct the VAT number of the client in Robaws.",
    ),
    "ubl_supplier": (
        "A UBL document must name its supplier (BR-06): {detail}.",
        "Fill in the supplier and its name in Robaws.",
    ),
    "ubl_supplier_number": (
        "The supplier's own number is the number of the UBL document (BR-02), and there is none: {detail}.",
        "Fill in the supplier's invoice number in Robaws.",
    ),
    "ubl_supplier_vat": (
        "A Belgian VAT number of the supplier has wrong check digits (PEPPOL-COMMON-R043): {detail}.",
        "Correct the VAT number of the supplier in Robaws.",
    ),
    "ubl_supplier_vat_missing": (
        "The supplier has no VAT number, which its VAT tariff needs (BR-S-02 and its like): {detail}.",
        "Fill in the supplier's VAT number in Robaws, or choose a VAT tariff outside the scope of VAT.",
    ),
    "ubl_seller": (
        "Our own details cannot stand on a UBL document: {detail}.",
        "Correct them in robaws.toml.",
    ),
    "ubl_country": (
        "The country of a party is missing or not known (BR-09, BR-11): {detail}.",
        "Choose the country in Robaws, or write its ISO code.",
    ),
    "ubl_buyer_vat_missing": (
        "The VAT is left to the customer, whose VAT number must then be there (BR-AE-02, BR-IC-02): {detail}.",
        "Fill in the client's VAT number in Robaws, or choose another VAT tariff.",
    ),
    "ubl_outside_scope_mixed": (
        "A line outside the scope of VAT must stand alone on a UBL document (BR-O-11 to BR-O-14): {detail}.",
        "Map its tariff in robaws.toml as `exempt` with an `exemption_reason` of its own, or invoice it apart.",
    ),
    "ubl_tariff": (
        "A VAT tariff has no meaning on this document, or is not mapped: {detail}.",
        "Correct `vat_tariffs` in robaws.toml.",
    ),
    "ubl_currency": (
        "The document is not in euro, in which the VAT of a UBL document must be known (BR-53): {detail}.",
        "Have the accountant enter it by hand at the rate of the day.",
    ),
    "ubl_header": (
        "A UBL document must have a number, a date and a type (BR-02, BR-03, BR-04): {detail}.",
        "Correct the document in Robaws.",
    ),
    "ubl_no_lines": (
        "A UBL document must have a line with an amount (BR-16): {detail}.",
        "Add a line with an amount in Robaws.",
    ),
    "ubl_line_amount": (
        "A line has no amount (BR-24): {detail}.",
        "Fill in quantity and price in Robaws, or make it a text line.",
    ),
    "ubl_negative": (
        "The total is negative, and programs would book it the wrong way round: {detail}.",
        "Replace a negative invoice by a credit note in Robaws, or a negative credit note by an invoice.",
    ),
    "ubl_totals": (
        "The sums of the document are not those of the books, to the cent (BR-CO-10 to BR-CO-17): {detail}.",
        "Report it, with the document: the books should have held it.",
    ),
}
_DUTCH = {
    "ubl_customer": (
        "Een UBL-document moet zijn klant noemen: {detail}.",
        "Vul de klant en zijn naam in Robaws in.",
    ),
    "ubl_buyer_vat": (
        "Een Belgisch btw-nummer van de klant heeft een verkeerd controlegetal (PEPPOL-COMMON-R043): {detail}.",
        "Verbeter het btw-nummer van de klant in Robaws.",
    ),
    "ubl_supplier": (
        "Een UBL-document moet zijn leverancier noemen (BR-06): {detail}.",
        "Vul de leverancier en zijn naam in Robaws in.",
    ),
    "ubl_supplier_number": (
        "Het eigen nummer van de leverancier is het nummer van het UBL-document (BR-02), en het ontbreekt: {detail}.",
        "Vul het factuurnummer van de leverancier in Robaws in.",
    ),
    "ubl_supplier_vat": (
        "Een Belgisch btw-nummer van de leverancier heeft een verkeerd controlegetal (PEPPOL-COMMON-R043): {detail}.",
        "Verbeter het btw-nummer van de leverancier in Robaws.",
    ),
    "ubl_supplier_vat_missing": (
        "De leverancier heeft geen btw-nummer, en zijn btw-tarief heeft het nodig (BR-S-02 en dergelijke): {detail}.",
        "Vul het btw-nummer van de leverancier in Robaws in, of kies een tarief buiten de btw.",
    ),
    "ubl_seller": (
        "Onze eigen gegevens kunnen zo niet op een UBL-document: {detail}.",
        "Verbeter ze in robaws.toml.",
    ),
    "ubl_country": (
        "Het land van een partij ontbreekt of is niet bekend (BR-09, BR-11): {detail}.",
        "Kies het land in Robaws, of schrijf de ISO-code.",
    ),
    "ubl_buyer_vat_missing": (
        "De btw is voor de klant, en dan moet zijn btw-nummer erbij staan (BR-AE-02, BR-IC-02): {detail}.",
        "Vul het btw-nummer van de klant in Robaws in, of kies een ander btw-tarief.",
    ),
    "ubl_outside_scope_mixed": (
        "Een lijn buiten de btw moet alleen op een UBL-document staan (BR-O-11 tot BR-O-14): {detail}.",
        "Zet haar tarief in robaws.toml op `exempt` met een eigen `exemption_reason`, of factureer ze apart.",
    ),
    "ubl_tariff": (
        "Een btw-tarief heeft op dit document geen betekenis, of is niet ingesteld: {detail}.",
        "Verbeter `vat_tariffs` in robaws.toml.",
    ),
    "ubl_currency": (
        "Het document is niet in euro, en de btw van een UBL-document moet in euro bekend zijn (BR-53): {detail}.",
        "Laat de boekhouder het met de hand inboeken tegen de dagkoers.",
    ),
    "ubl_header": (
        "Een UBL-document moet een nummer, een datum en een type hebben (BR-02, BR-03, BR-04): {detail}.",
        "Verbeter het document in Robaws.",
    ),
    "ubl_no_lines": (
        "Een UBL-document moet een lijn met een bedrag hebben (BR-16): {detail}.",
        "Voeg in Robaws een lijn met een bedrag toe.",
    ),
    "ubl_line_amount": (
        "Een lijn heeft geen bedrag (BR-24): {detail}.",
        "Vul aantal en prijs in Robaws in, of maak er een tekstlijn van.",
    ),
    "ubl_negative": (
        "Het totaal is negatief, en programma's zouden het verkeerd om boeken: {detail}.",
        "Vervang in Robaws een negatieve factuur door een creditnota, of een negatieve creditnota door een factuur.",
    ),
    "ubl_totals": (
        "De sommen van het document zijn niet op de cent die van de boeken (BR-CO-10 tot BR-CO-17): {detail}.",
        "Meld het, met het document: de boeken hadden het moeten tegenhouden.",
    ),
}
_FRENCH = {
    "ubl_customer": (
        "Un document UBL doit nommer son client : {detail}.",
        "Complétez le client et son nom dans Robaws.",
    ),
    "ubl_buyer_vat": (
        "Un numéro de TVA belge du client a un mauvais chiffre de contrôle (PEPPOL-COMMON-R043) : {detail}.",
        "Corrigez le numéro de TVA du client dans Robaws.",
    ),
    "ubl_supplier": (
        "Un document UBL doit nommer son fournisseur (BR-06) : {detail}.",
        "Complétez le fournisseur et son nom dans Robaws.",
    ),
    "ubl_supplier_number": (
        "Le numéro propre du fournisseur est celui du document UBL (BR-02), et il manque : {detail}.",
        "Complétez le numéro de facture du fournisseur dans Robaws.",
    ),
    "ubl_supplier_vat": (
        "Un numéro de TVA belge du fournisseur a un mauvais chiffre de contrôle (PEPPOL-COMMON-R043) : {detail}.",
        "Corrigez le numéro de TVA du fournisseur dans Robaws.",
    ),
    "ubl_supplier_vat_missing": (
        "Le fournisseur n'a pas de numéro de TVA, que son tarif de TVA exige (BR-S-02 et autres) : {detail}.",
        "Complétez le numéro de TVA du fournisseur dans Robaws, ou choisissez un tarif hors TVA.",
    ),
    "ubl_seller": (
        "Nos propres données ne peuvent figurer ainsi sur un document UBL : {detail}.",
        "Corrigez-les dans robaws.toml.",
    ),
    "ubl_country": (
        "Le pays d'une partie manque ou n'est pas connu (BR-09, BR-11) : {detail}.",
        "Choisissez le pays dans Robaws, ou écrivez son code ISO.",
    ),
    "ubl_buyer_vat_missing": (
        "La TVA est due par le client, dont le numéro de TVA doit alors figurer (BR-AE-02, BR-IC-02) : {detail}.",
        "Complétez le numéro de TVA du client dans Robaws, ou choisissez un autre tarif de TVA.",
    ),
    "ubl_outside_scope_mixed": (
        "Une ligne hors TVA doit être seule sur un document UBL (BR-O-11 à BR-O-14) : {detail}.",
        "Mettez son tarif dans robaws.toml sur `exempt` avec un `exemption_reason` propre, ou facturez-la à part.",
    ),
    "ubl_tariff": (
        "Un tarif de TVA n'a pas de sens sur ce document, ou n'est pas réglé : {detail}.",
        "Corrigez `vat_tariffs` dans robaws.toml.",
    ),
    "ubl_currency": (
        "Le document n'est pas en euro, et la TVA d'un document UBL doit être connue en euro (BR-53) : {detail}.",
        "Faites-le encoder par le comptable au cours du jour.",
    ),
    "ubl_header": (
        "Un document UBL doit avoir un numéro, une date et un type (BR-02, BR-03, BR-04) : {detail}.",
        "Corrigez le document dans Robaws.",
    ),
    "ubl_no_lines": (
        "Un document UBL doit avoir une ligne avec un montant (BR-16) : {detail}.",
        "Ajoutez une ligne avec un montant dans Robaws.",
    ),
    "ubl_line_amount": (
        "Une ligne n'a pas de montant (BR-24) : {detail}.",
        "Complétez quantité et prix dans Robaws, ou faites-en une ligne de texte.",
    ),
    "ubl_negative": (
        "Le total est négatif, et les programmes le comptabiliseraient à l'envers : {detail}.",
        "Remplacez dans Robaws une facture négative par une note de crédit, ou l'inverse.",
    ),
    "ubl_totals": (
        "Les sommes du document ne sont pas au cent près celles des livres (BR-CO-10 à BR-CO-17) : {detail}.",
        "Signalez-le, avec le document : les livres auraient dû le retenir.",
    ),
}
_TEXTS: Mapping[Language, Mapping[str, tuple[str, str]]] = {"en": _ENGLISH, "nl": _DUTCH, "fr": _FRENCH}


def reasons(language: Language, *, purchases: bool) -> list[Reason]:
    """The reasons of sales or of purchases, in a language."""
    others = _SALES_ONLY if purchases else _PURCHASES_ONLY
    texts = _TEXTS[language]
    return [Reason(code, *texts[code], task) for code, task in _TASKS.items() if code not in others]
