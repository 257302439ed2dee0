"""Why a document is held, in Dutch as Belgian bookkeepers write it."""

_DOCTOR = "als het daar goed staat, schrijft Robaws het veld anders dan verwacht: voer `robaws-pipeline doctor` uit."

TEXTS = {
    "unreadable": (
        "Robaws stuurde iets dat niet gelezen kan worden: {detail}.",
        f"Verbeter het veld in Robaws; {_DOCTOR}",
    ),
    "number_unreadable": (
        "Het nummer van het document kan niet gelezen worden, zodat niet vaststaat of het een concept is: {detail}.",
        f"Verbeter het nummer in Robaws; {_DOCTOR}",
    ),
    "unknown_type": (
        "Het document is geen factuur en geen creditnota; Robaws zegt: {detail}.",
        "Bekijk het document in Robaws; voor een soort die Robaws toevoegde, is een nieuwe versie van dit programma "
        "nodig.",
    ),
    "date_missing": (
        "Het document heeft geen bruikbare datum ({detail}).",
        "Vul in Robaws de documentdatum in.",
    ),
    "period_closed": (
        "Het document kwam nadat zijn periode afgesloten was: {detail}.",
        "Geef het in Robaws een datum in een open periode, of laat het boeken op de eerste open dag: "
        '`late_documents = "book"` in robaws.toml.',
    ),
    "total_missing": (
        "In Robaws ontbreekt: {detail}.",
        "Open het document in Robaws en bewaar het opnieuw, zodat de totalen berekend worden.",
    ),
    "amount_too_large": (
        "Een bedrag van tien miljard euro of meer kan niet de bedoeling zijn: {detail}.",
        "Verbeter het bedrag in Robaws.",
    ),
    "negative_total": (
        "Het totaal is negatief ({detail}); of een document bij- of afboekt, volgt uit zijn soort, nooit uit het "
        "teken.",
        "Vervang in Robaws een negatieve factuur door een creditnota, of een negatieve creditnota door een factuur.",
    ),
    "currency_not_eur": (
        "Het document is in {detail}; de boekhouding is in euro.",
        "Laat de accountant het met de hand inboeken tegen de koers van de dag.",
    ),
    "party_missing": (
        "Het is niet bekend van wie dit document is: {detail}.",
        "Kies in Robaws de klant of leverancier op het document.",
    ),
    "no_lines": (
        "Het document heeft geen lijnen met een bedrag ({detail}), dus is er niets om het op te boeken.",
        "Voeg in Robaws de lijnen toe, met hun grootboekrekening en btw-tarief.",
    ),
    "line_amount_missing": (
        "Een lijn heeft geen bedrag: {detail}.",
        "Vul in Robaws aantal en prijs in, of maak er een tekstlijn van.",
    ),
    "tariff_missing": (
        "Een lijn heeft geen btw-tarief: {detail}.",
        "Kies in Robaws het btw-tarief op de lijn.",
    ),
    "tariff_unmapped": (
        "Het is niet bekend wat een btw-tarief voor de boekhouding betekent: {detail}.",
        "Vraag de accountant waar het tarief voor staat en voeg het toe aan `vat_tariffs` in robaws.toml.",
    ),
    "margin_scheme": (
        "Een lijn valt onder de margeregeling, en er is niet afgesproken hoe die geboekt wordt: {detail}.",
        "Vraag het aan de accountant; zet daarna in `vat_tariffs` van robaws.toml waar het tarief voor staat. Met "
        "treatment margin_scheme wordt zonder btw geboekt en berekent de accountant de btw op de marge.",
    ),
    "self_assessed_rate_missing": (
        "Het is niet bekend tegen welk tarief wij de btw op deze aankoop zelf verschuldigd zijn: {detail}.",
        "Voeg self_assessed_rate (21 voor de meeste werken) toe aan het tarief in `vat_tariffs` van robaws.toml; 0 als "
        "er geen btw verschuldigd is.",
    ),
    "tariff_rate_differs": (
        "Het percentage van een btw-tarief in Robaws is niet dat van de instellingen: {detail}.",
        "Verbeter rate bij het tarief in `vat_tariffs` van robaws.toml, of het percentage in Robaws.",
    ),
    "account_missing": (
        "Een lijn heeft geen grootboekrekening: {detail}.",
        "Kies in Robaws de rekening op de lijn, of stel `accounts.default_sales` of `accounts.default_purchases` in "
        "robaws.toml in.",
    ),
    "account_unknown": (
        "Een lijn noemt een grootboekrekening die niet in de lijst van Robaws staat: {detail}.",
        "Kies in Robaws een bestaande rekening op de lijn; als ze daar wel bestaat, mag de API-sleutel ze misschien "
        "niet zien: voer `robaws-pipeline doctor` uit.",
    ),
    "reverse_charge_without_vat_number": (
        "Er is geen btw aangerekend, en daarvoor is een geldig btw-nummer van de klant nodig: {detail}.",
        "Vul in Robaws het btw-nummer van de klant in, of reken btw aan.",
    ),
    "net_differs": (
        "De som van de lijnen is niet het totaal exclusief btw: {detail}.",
        "Open het document in Robaws en vergelijk; meestal komt het door een korting of een met de hand ingevuld "
        "totaal.",
    ),
    "vat_differs": (
        "De btw van de lijnen is niet de btw van het document: {detail}.",
        "Vergelijk in Robaws de btw-tarieven van de lijnen met het document.",
    ),
    "gross_differs": (
        "De lijnen en hun btw zijn samen niet het totaal inclusief btw: {detail}.",
        "Vergelijk in Robaws de lijnen, de btw-tarieven en het totaal van het document.",
    ),
}
"""As in `english`."""

PHRASES = {
    "decimal_point": ",",
    "dated_and_made": "gedateerd {}, in Robaws gemaakt op {}",
    "about": "{}: {}",
    "and": " en ",
    "and_more": " en nog {}",
    "none": "niets",
    "unreadable": "{} = {} is geen {}",
    "whole_object": "het hele object",
    "date_expected": "datum (JJJJ-MM-DD)",
    "number_expected": "getal",
    "text_expected": "tekst of getal",
    "list_expected": "lijst",
    "object_expected": "object",
    "number": "nummer {}",
    "no_number": "geen nummer",
    "net": "totaal exclusief btw",
    "gross": "totaal inclusief btw",
    "net_and_gross": "totaal exclusief btw en totaal inclusief btw",
    "header": "documenttotaal",
    "net_of": "exclusief btw {}",
    "gross_of": "inclusief btw {}",
    "total_of": "totaal exclusief btw {}",
    "no_total": "ook geen totaal",
    "no_client": "geen klant",
    "no_supplier": "geen leverancier",
    "client_unlisted": "klant {} staat niet in de klantenlijst van Robaws",
    "supplier_unlisted": "leverancier {} staat niet in de leverancierslijst van Robaws",
    "lines_differ": "lijnen {}, Robaws {}",
    "lines_and_vat_differ": "lijnen en btw {}, Robaws {}",
    "line": "lijn {}",
    "tariff": "tarief {}",
    "rates_differ": "instellingen {} %, Robaws {} %",
    "account_id": "rekening met id {}",
    "client": "klant {}",
    "supplier": "leverancier {}",
    "no_vat_number": "geen btw-nummer",
    "not_foreign": "btw-nummer '{}' is geen buitenlands nummer",
    "not_of_the_eu": "btw-nummer '{}' is geen geldig nummer van een EU-land",
    "northern_ireland": "btw-nummer '{}' is van Noord-Ierland, dat alleen voor goederen telt",
    "number_missing": "{} ontbreekt, na {}",
    "numbers_missing": "{} tot en met {} ({} nummers) ontbreken, na {}",
    "numbers_deleted": "; in Robaws verwijderd: {}",
    "also": "ook {}",
    "of_month": "{} van {}",
    "entered_twice": "leveranciersnummer {} voor {} staat ook op {}",
    "entered_before": "{} van {} voor {}",
}
"""As in `english`."""

OUTSIDE = {
    "no_date": (
        "Het heeft geen leesbare datum, en wat er staat, wijst naar geen maand van {first} tot {last}",
        "In Robaws: vul de datum in",
    ),
    "before": (
        "Het is gedateerd op {day}, voor de boekhouding begint in {first}",
        "Niets, als het al geboekt is; is de datum fout, verbeter ze dan in Robaws; zet anders "
        'start = "{month}" in robaws.toml en laad die maand',
    ),
    "after": (
        "Het is gedateerd op {day}, na {last}, voorlopig de laatste maand van de boekhouding",
        "In Robaws: verbeter de datum als het een tikfout is; anders niets, het wordt uitgevoerd als zijn maand komt",
    ),
}
"""As in `english`."""
