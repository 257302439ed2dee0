"""Why a document is held, in French as Belgian bookkeepers write it."""

_DOCTOR = "s’il y est correct, Robaws nomme le champ autrement que prévu : lancez `robaws-pipeline doctor`."

TEXTS = {
    "unreadable": (
        "Robaws a envoyé quelque chose d’illisible : {detail}.",
        f"Corrigez le champ dans Robaws ; {_DOCTOR}",
    ),
    "number_unreadable": (
        "Le numéro du document est illisible, on ne peut donc pas dire s’il s’agit d’un brouillon : {detail}.",
        f"Corrigez le numéro dans Robaws ; {_DOCTOR}",
    ),
    "unknown_type": (
        "Le document n’est ni une facture ni une note de crédit ; Robaws indique : {detail}.",
        "Examinez le document dans Robaws ; un type ajouté par Robaws demande une nouvelle version de ce programme.",
    ),
    "date_missing": (
        "Le document n’a pas de date utilisable ({detail}).",
        "Indiquez la date du document dans Robaws.",
    ),
    "period_closed": (
        "Le document est arrivé après la clôture de sa période : {detail}.",
        "Donnez-lui dans Robaws une date dans une période ouverte, ou faites-le comptabiliser le premier jour ouvert : "
        '`late_documents = "book"` dans robaws.toml.',
    ),
    "total_missing": (
        "Il manque dans Robaws : {detail}.",
        "Ouvrez le document dans Robaws et enregistrez-le à nouveau, afin que ses totaux soient calculés.",
    ),
    "amount_too_large": (
        "Un montant de dix milliards d’euros ou plus ne peut pas être voulu : {detail}.",
        "Corrigez le montant dans Robaws.",
    ),
    "negative_total": (
        "Le total est négatif ({detail}) ; le sens d’un document découle de son type, jamais de son signe.",
        "Dans Robaws, remplacez une facture négative par une note de crédit, ou une note de crédit négative par une "
        "facture.",
    ),
    "currency_not_eur": (
        "Le document est en {detail} ; la comptabilité est en euros.",
        "Faites-le encoder par le comptable au cours du jour.",
    ),
    "party_missing": (
        "On ne sait pas de qui est ce document : {detail}.",
        "Choisissez le client ou le fournisseur sur le document dans Robaws.",
    ),
    "no_lines": (
        "Le document n’a aucune ligne avec un montant ({detail}), il n’y a donc rien à comptabiliser.",
        "Ajoutez les lignes dans Robaws, avec leur compte général et leur tarif de TVA.",
    ),
    "line_amount_missing": (
        "Une ligne n’a pas de montant : {detail}.",
        "Indiquez la quantité et le prix dans Robaws, ou faites-en une ligne de texte.",
    ),
    "tariff_missing": (
        "Une ligne n’a pas de tarif de TVA : {detail}.",
        "Choisissez le tarif de TVA de la ligne dans Robaws.",
    ),
    "tariff_unmapped": (
        "On ne sait pas ce qu’un tarif de TVA signifie pour la comptabilité : {detail}.",
        "Demandez au comptable ce que le tarif représente et ajoutez-le à `vat_tariffs` dans robaws.toml.",
    ),
    "margin_scheme": (
        "Une ligne relève du régime de la marge, et il n’est pas convenu comment la comptabiliser : {detail}.",
        "Demandez au comptable ; indiquez ensuite dans `vat_tariffs` de robaws.toml ce que le tarif représente. Avec "
        "treatment margin_scheme, la ligne est comptabilisée sans TVA et le comptable calcule la TVA sur la marge.",
    ),
    "self_assessed_rate_missing": (
        "On ne sait pas à quel taux nous devons nous-mêmes la TVA sur cet achat : {detail}.",
        "Ajoutez self_assessed_rate (21 pour la plupart des travaux) au tarif dans `vat_tariffs` de robaws.toml ; 0 si "
        "aucune TVA n’est due.",
    ),
    "tariff_rate_differs": (
        "Le pourcentage d’un tarif de TVA dans Robaws n’est pas celui des paramètres : {detail}.",
        "Corrigez rate pour ce tarif dans `vat_tariffs` de robaws.toml, ou son pourcentage dans Robaws.",
    ),
    "account_missing": (
        "Une ligne n’a pas de compte général : {detail}.",
        "Choisissez le compte de la ligne dans Robaws, ou indiquez `accounts.default_sales` ou "
        "`accounts.default_purchases` dans robaws.toml.",
    ),
    "account_unknown": (
        "Une ligne indique un compte général qui ne figure pas dans la liste de Robaws : {detail}.",
        "Choisissez un compte existant pour la ligne dans Robaws ; s’il y existe, la clé API ne peut peut-être pas le "
        "voir : lancez `robaws-pipeline doctor`.",
    ),
    "reverse_charge_without_vat_number": (
        "Aucune TVA n’est portée en compte, ce qui exige un numéro de TVA valable du client : {detail}.",
        "Indiquez le numéro de TVA du client dans Robaws, ou portez la TVA en compte.",
    ),
    "net_differs": (
        "La somme des lignes n’est pas le total hors TVA : {detail}.",
        "Ouvrez le document dans Robaws et comparez ; la cause est le plus souvent une remise ou un total encodé à la "
        "main.",
    ),
    "vat_differs": (
        "La TVA des lignes n’est pas la TVA du document : {detail}.",
        "Comparez dans Robaws les tarifs de TVA des lignes avec le document.",
    ),
    "gross_differs": (
        "Les lignes et leur TVA ne donnent pas le total TVA comprise : {detail}.",
        "Comparez dans Robaws les lignes, les tarifs de TVA et le total du document.",
    ),
}
"""As in `english`."""

PHRASES = {
    "decimal_point": ",",
    "dated_and_made": "daté du {}, créé dans Robaws le {}",
    "about": "{} : {}",
    "and": " et ",
    "and_more": " et encore {}",
    "none": "rien",
    "unreadable": "{} = {} n’est pas {}",
    "whole_object": "l’objet entier",
    "date_expected": "une date (AAAA-MM-JJ)",
    "number_expected": "un nombre",
    "text_expected": "un texte ou un nombre",
    "list_expected": "une liste",
    "object_expected": "un objet",
    "number": "numéro {}",
    "no_number": "pas de numéro",
    "net": "total hors TVA",
    "gross": "total TVA comprise",
    "net_and_gross": "total hors TVA et total TVA comprise",
    "header": "total du document",
    "net_of": "hors TVA {}",
    "gross_of": "TVA comprise {}",
    "total_of": "total hors TVA {}",
    "no_total": "pas de total non plus",
    "no_client": "pas de client",
    "no_supplier": "pas de fournisseur",
    "client_unlisted": "le client {} ne figure pas dans la liste des clients de Robaws",
    "supplier_unlisted": "le fournisseur {} ne figure pas dans la liste des fournisseurs de Robaws",
    "lines_differ": "lignes {}, Robaws {}",
    "lines_and_vat_differ": "lignes et TVA {}, Robaws {}",
    "line": "ligne {}",
    "tariff": "tarif {}",
    "rates_differ": "paramètres {} %, Robaws {} %",
    "account_id": "compte avec id {}",
    "client": "client {}",
    "supplier": "fournisseur {}",
    "no_vat_number": "pas de numéro de TVA",
    "not_foreign": "le numéro de TVA '{}' n’est pas un numéro étranger",
    "not_of_the_eu": "le numéro de TVA '{}' n’est pas un numéro valable d’un pays de l’UE",
    "northern_ireland": "le numéro de TVA '{}' est d’Irlande du Nord, qui ne compte que pour les biens",
    "number_missing": "{} manque, après {}",
    "numbers_missing": "{} à {} ({} numéros) manquent, après {}",
    "numbers_deleted": " ; supprimés dans Robaws : {}",
    "also": "aussi {}",
    "of_month": "{} de {}",
    "entered_twice": "le numéro de fournisseur {} pour {} figure aussi sur {}",
    "entered_before": "{} du {} pour {}",
}
"""As in `english`."""

OUTSIDE = {
    "no_date": (
        "Il n’a pas de date lisible, et ce qui s’y trouve ne désigne aucun mois de {first} à {last}",
        "Dans Robaws : indiquez sa date",
    ),
    "before": (
        "Il est daté du {day}, avant le début de la comptabilité en {first}",
        "Rien, s’il est déjà comptabilisé ; si la date est fausse, corrigez-la dans Robaws ; sinon mettez "
        'start = "{month}" dans robaws.toml et chargez ce mois',
    ),
    "after": (
        "Il est daté du {day}, après {last}, le dernier mois de la comptabilité jusqu’ici",
        "Dans Robaws : corrigez la date si c’est une faute de frappe ; sinon rien, il est exporté quand son mois "
        "arrive",
    ),
}
"""As in `english`."""
