"""Why a document cannot be written in a layout: the sentences and remedies of held.csv, in each language.

Details are facts (columns, fields, values, DuckDB's own words), which read the same in all of them.
"""

from collections.abc import Mapping

from robaws_pipeline.reasons import Language, Reason, Task

VALUE_MISSING = "layout_value_missing"
TOO_LONG = "layout_value_too_long"
FAILED = "layout_expression_failed"
NO_ROW = "layout_no_row"
NO_PARTY = "layout_party_unknown"

_TASKS: Mapping[str, Task] = {
    VALUE_MISSING: "in Robaws",
    TOO_LONG: "in the settings",
    FAILED: "in the settings",
    NO_ROW: "at the accountant",
    NO_PARTY: "in Robaws",
}

_TEXTS: Mapping[Language, Mapping[str, tuple[str, str]]] = {
    "en": {
        VALUE_MISSING: (
            "A column of the layout needs a value, and its fields have none: {detail}.",
            "Fill it in in Robaws, or take `required` from the column in robaws.toml.",
        ),
        TOO_LONG: (
            "A value is wider than its column, and to cut it would make another of it: {detail}.",
            "Make the column wider in robaws.toml, or have the accountant enter the document by hand.",
        ),
        FAILED: (
            "An expression of the layout cannot be worked out for this document: {detail}.",
            "Correct the value in Robaws, or write the expression in robaws.toml so that it knows this value too.",
        ),
        NO_ROW: (
            "All amounts of the document are zero, so the layout has no row for it: {detail}.",
            "Have the accountant enter the document by hand if it is needed.",
        ),
        NO_PARTY: (
            "The customer or supplier of the document is not among those read from Robaws: {detail}.",
            "Choose an existing client or supplier in Robaws; when it exists there, the API key may not see it: "
            "run `robaws-pipeline doctor`.",
        ),
    },
    "nl": {
        VALUE_MISSING: (
            "Een kolom van de lay-out heeft een waarde nodig, en haar velden zijn leeg: {detail}.",
            "Vul het veld in Robaws in, of haal `required` van de kolom weg in robaws.toml.",
        ),
        TOO_LONG: (
            "Een waarde is breder dan haar kolom, en afgekapt zou ze een andere zijn: {detail}.",
            "Maak de kolom breder in robaws.toml, of laat de boekhouder het document met de hand ingeven.",
        ),
        FAILED: (
            "Een uitdrukking van de lay-out kan voor dit document niet berekend worden: {detail}.",
            "Verbeter de waarde in Robaws, of schrijf de uitdrukking in robaws.toml zo dat ze deze waarde ook kent.",
        ),
        NO_ROW: (
            "Alle bedragen van het document zijn nul, dus heeft de lay-out er geen rij voor: {detail}.",
            "Laat de boekhouder het document met de hand ingeven als het nodig is.",
        ),
        NO_PARTY: (
            "De klant of leverancier van het document is niet bij wat uit Robaws gelezen werd: {detail}.",
            "Kies in Robaws een bestaande klant of leverancier; bestaat die, dan ziet de API-sleutel hem misschien "
            "niet: voer `robaws-pipeline doctor` uit.",
        ),
    },
    "fr": {
        VALUE_MISSING: (
            "Une colonne du format exige une valeur, et ses champs sont vides : {detail}.",
            "Remplissez le champ dans Robaws, ou enlevez `required` de la colonne dans robaws.toml.",
        ),
        TOO_LONG: (
            "Une valeur est plus large que sa colonne, et coupée elle en serait une autre : {detail}.",
            "Élargissez la colonne dans robaws.toml, ou faites encoder le document à la main par le comptable.",
        ),
        FAILED: (
            "Une expression du format ne peut pas être calculée pour ce document : {detail}.",
            "Corrigez la valeur dans Robaws, ou écrivez l'expression dans robaws.toml pour qu'elle connaisse cette "
            "valeur aussi.",
        ),
        NO_ROW: (
            "Tous les montants du document sont nuls, le format n'a donc pas de ligne pour lui : {detail}.",
            "Faites encoder le document à la main par le comptable s'il est nécessaire.",
        ),
        NO_PARTY: (
            "Le client ou fournisseur du document n'est pas parmi ceux lus dans Robaws : {detail}.",
            "Choisissez dans Robaws un client ou fournisseur existant ; s'il existe, la clé API ne le voit peut-être "
            "pas : lancez `robaws-pipeline doctor`.",
        ),
    },
}


def reasons(language: Language) -> list[Reason]:
    """Every reason of layouts in a language."""
    return [Reason(code, *_TEXTS[language][code], task) for code, task in _TASKS.items()]
