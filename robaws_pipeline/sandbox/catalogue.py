"""The invented tenant as lists: its tariffs, accounts, clients, suppliers and what is bought and sold.

No company, person or number here exists.
"""

from collections.abc import Mapping
from decimal import Decimal

# VAT tariffs, by what they are for; the ids are what documents refer to.
GEEN, T21, T12, T6, INTRACOM, VERLEGD, EXPORT, SLOOP = "1", "2", "3", "4", "5", "6", "7", "8"

TARIFFS: Mapping[str, tuple[str, Decimal]] = {
    GEEN: ("geen", Decimal(0)),
    T21: ("21", Decimal(21)),
    T12: ("12", Decimal(12)),
    T6: ("6", Decimal(6)),
    INTRACOM: ("Intracommunautaire levering", Decimal(0)),
    VERLEGD: ("verlegd", Decimal(0)),
    EXPORT: ("Export", Decimal(0)),
    SLOOP: ("6 sloop en heropbouw", Decimal(6)),
}
"""Id → name, percentage."""

ACCOUNTS: Mapping[str, tuple[str, str]] = {
    "1107": ("700000", "Verkopen en diensten"),
    "1108": ("700100", "Werken met btw verlegd"),
    "1109": ("700200", "Intracommunautaire leveringen"),
    "1110": ("700300", "Uitvoer buiten de EU"),
    "1112": ("704000", "Regiewerken"),
    "1120": ("746000", "Doorgerekende kosten"),
    "1150": ("460000", "Ontvangen vooruitbetalingen"),
    "1201": ("600000", "Aankopen grondstoffen"),
    "1204": ("604000", "Aankopen handelsgoederen"),
    "1211": ("603000", "Algemene onderaannemingen"),
    "1220": ("610000", "Huur materieel en werfinrichting"),
    "1221": ("611000", "Onderhoud en herstellingen"),
    "1224": ("612000", "Water, gas en elektriciteit"),
    "1226": ("612400", "Brandstof"),
    "1228": ("612600", "Telefoon en internet"),
    "1230": ("613200", "Verzekeringen"),
    "1233": ("616000", "Onthaal en catering"),
    "1290": ("230000", "Installaties, machines en uitrusting"),
}
"""Id → code, name."""

CONDITIONS: Mapping[str, tuple[str, int]] = {
    "1": ("Contant", 0),
    "2": ("14 dagen", 14),
    "3": ("30 dagen", 30),
    "4": ("60 dagen", 60),
}
"""Id → text, days."""

COMPANY = "1"
UPDATED = "2025-01-20T09:00:00.000Z"

PLACES = (
    ("9000", "Gent"), ("9700", "Oudenaarde"), ("8500", "Kortrijk"), ("2800", "Mechelen"), ("3000", "Leuven"),
    ("9300", "Aalst"), ("2300", "Turnhout"), ("8000", "Brugge"), ("1000", "Brussel"), ("3500", "Hasselt"),
    ("9100", "Sint-Niklaas"), ("8800", "Roeselare"), ("5000", "Namur"), ("2000", "Antwerpen"), ("1500", "Halle"),
)  # fmt: skip
STREETS = (
    "Proefstraat",
    "Testlaan",
    "Voorbeeldweg",
    "Meetlatstraat",
    "Waterpasdreef",
    "Steigerkaai",
    "Schietloodplein",
)

BUILDERS = (
    "Voorbeeld Bouw BV", "Projectbouw Ravelkamp NV", "Immo Zonnevlier NV", "Bouwgroep Maskantje BV",
    "Dakwerken Nokkeveld BV", "Aannemingen Steenvoorde & Zn BV", "Woonprojecten Lindekwartier NV",
    "Gevelatelier Baksteenhof BV", "Totaalrenovatie Klimopmuur BV", "Interieurbouw Eikenspaan BV",
    "Vastgoed Torenkraan NV", "Ontwikkeling De Bouwlaag CV",
)  # fmt: skip
BUSINESSES = (
    "Bakkerij Het Proefdeeg BV", "Garage Testrijder NV", "Tandartspraktijk Glimlachplein BV",
    "Drukkerij Inktvlak BV", "Kinderdagverblijf Stapelblok VZW", "Advocatenkantoor Paragraaf BV",
    "Logistiek Palletkaai NV", "Hotel Kamerzicht BV", "Apotheek Weegschaal BV", "Fietsenmakerij Spaakwiel BV",
    "Kantoorpark Glasraam NV", "Brouwerij Moutvloer BV",
)  # fmt: skip
SOCIAL = ("Sociale Woningen Proefdal CV", "Huisvesting Testvallei CV")
EU = (
    ("Bouwbedrijf Polderproef B.V.", "NL999000001B01", "NL", "4811 AA", "Breda", "nl"),
    ("Gevelbouw Waalkant B.V.", "NL999000007B01", "NL", "6511 AA", "Nijmegen", "nl"),
    ("Rénovation Exemple SARL", "FR66999000011", "FR", "59000", "Lille", "fr"),
    ("Chantiers Modèle SAS", "FR23999000029", "FR", "59200", "Tourcoing", "fr"),
    ("Musterbau GmbH", "DE999000009", "DE", "52062", "Aachen", "de"),
)
OUTSIDE_EU = (
    ("Sample & Daughters Ltd", "GB", "CT16 1AA", "Dover", "en"),
    ("Probebau AG", "CH", "4051", "Basel", "de"),
)
FIRST = (
    "An", "Bram", "Chloë", "Dirk", "Els", "Fatima", "Geert", "Hanne", "Ibrahim", "Joke", "Karel", "Lotte", "Maarten",
    "Nele", "Olivier", "Pia", "Rik", "Saar", "Tuur", "Ursula", "Vic", "Wout", "Yasmina", "Zoë",
)  # fmt: skip
LAST = (
    "Proefmans", "Van Voorbeeld", "De Testere", "Steekproef", "Verdachting", "Peeters-Proef", "Van den Toets",
    "Maquette", "Exempelaars", "De Schets",
)  # fmt: skip

SUPPLIERS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("materials", "year/6", (
        "Staal & Schroef NV", "Bouwstoffen Mortelkuip NV", "Houthandel Spaanplaat BV", "Isolatiedepot Wolvlok BV",
        "Beton Drieproef NV", "Dakmaterialen Leipan BV", "Ramen & Deuren Kozijnwerf NV",
    )),
    ("sanitary", "VF/8", ("Sanitair Kraanpunt NV", "Verwarming Radiatorhuis BV", "Elektro Stopcontact NV")),
    ("subcontractor", "F-yy/4", (
        "Metselwerken Voegwit BV", "Pleisterwerken Gladwand BV", "Elektriciteit Draadkop BV",
        "Grondwerken Graafbak BV", "Vloerwerken Tegelzet BV", "Schilderwerken Kwastkop BV", "Stelling Buisklem BV",
    )),
    ("rental", "VF/8", ("Verhuur Hoogwerker NV", "Containerdienst Puinbak BV")),
    ("fuel", "year/6", ("Tankkaart Dieselpunt NV",)),
    ("telecom", "VF/8", ("Telecom Belproef NV",)),
    ("energy", "VF/8", ("Energie Stroomtest NV",)),
    ("insurance", "plain/7", ("Verzekeringen Polisblad NV",)),
    ("catering", "plain/7", ("Traiteur Broodplank BV", "Koffieservice Bonenmaal BV")),
    ("plants", "F-yy/4", ("Tuincentrum Haagbeuk BV",)),
)  # fmt: skip
"""What they supply, how they number their invoices, who they are."""

EU_SUPPLIERS = (
    ("steel", "Staalhandel Waalproef B.V.", "NL999000019B01", "NL", "5928 AA", "Venlo", "nl", "TEST0999000001"),
    ("machines", "Baumaschinen Prüfstand GmbH", "DE999000017", "DE", "50667", "Köln", "de", "999000000000000001"),
    ("tiles", "Carrelages Maquette SARL", "FR47999000037", "FR", "59800", "Lille", "fr", "99999990000000000000157"),
)


def _money(*texts: str) -> tuple[Decimal, ...]:
    return tuple(Decimal(text) for text in texts)


_FEW = _money("1", "2", "3", "4")
_MANY = _money("5", "12", "24", "40", "100", "250")
_HOURS = _money("4", "7.5", "8", "12.5", "16", "22.75", "38")
_AREA = _money("12.5", "18.75", "24", "36.4", "62.25", "110")
_ONE = _money("1")

ARTICLES: Mapping[str, tuple[tuple[str, str, tuple[Decimal, ...], tuple[Decimal, ...], str], ...]] = {
    "renovation": (
        ("Isolatie buitenmuur renovatiewoning, PIR 10 cm", "m2", _money("75.00", "68.40"), _AREA, "1107"),
        ("Plaatsing gipskartonwand, dubbel beplaat", "m2", _money("43.20", "48.00"), _AREA, "1107"),
        ("Uitbreken badkamer en afvoer puin", "forf", _money("1150.00", "985.50"), _ONE, "1107"),
        ("Vernieuwen dakgoot in zink", "m", _money("64.35", "71.90"), _AREA, "1107"),
        ("Plaatsing binnendeur met kader", "st", _money("389.00", "415.75"), _FEW, "1107"),
    ),
    "works": (
        ("Metselwerk gevelsteen, verlijmd", "m2", _money("92.15", "88.60"), _AREA, "1107"),
        ("Fundering gewapend beton C25/30", "m3", _money("215.00", "231.45"), _AREA, "1107"),
        ("Plaatsing ramen aluminium, driedubbel glas", "st", _money("1248.00", "964.33"), _FEW, "1107"),
        ("Dakbedekking EPDM met isolatie", "m2", _money("81.27", "79.95"), _AREA, "1107"),
        ("Elektrische installatie, punt", "st", _money("58.10", "62.49"), _MANY, "1107"),
        ("Warmtepomp lucht/water, geplaatst", "st", _money("8450.00", "9120.80"), _ONE, "1107"),
    ),
    "hours": (
        ("Regiewerk geschoold arbeider", "u", _money("52.50", "54.75"), _HOURS, "1112"),
        ("Regiewerk ploegbaas", "u", _money("61.35", "63.00"), _HOURS, "1112"),
        ("Verplaatsing bestelwagen", "km", _money("0.85", "0.4269"), _MANY, "1120"),
    ),
    "small": (
        ("Bevestigingsmateriaal", "st", _money("1.2345", "0.3875", "2.0650"), _MANY, "1107"),
        ("Kabel XVB 3G2,5", "m", _money("1.8742", "1.9315"), _MANY, "1107"),
        ("Voegmortel", "kg", _money("0.6425", "0.7180"), _MANY, "1107"),
    ),
    "goods": (
        ("Prefab trapelement, geleverd", "st", _money("1840.00", "2115.60"), _FEW, "1109"),
        ("Houtskeletwand, geprefabriceerd", "m2", _money("148.90", "152.35"), _AREA, "1109"),
    ),
    "materials": (
        ("Schroeven 5x60", "st", _money("0.0475", "0.0512"), _MANY, "1204"),
        ("Betonblok 39x19x19", "st", _money("2.3450", "2.4185"), _MANY, "1201"),
        ("Cement CEM II 25 kg", "zak", _money("7.8520", "8.1075"), _MANY, "1201"),
        ("Gyproc plaat 260x120x1,25", "st", _money("11.4300", "12.0950"), _MANY, "1201"),
        ("PIR isolatieplaat 10 cm", "m2", _money("24.6675", "25.1120"), _AREA, "1201"),
        ("Stelling, onderdelen", "st", _money("38.25", "41.90"), _FEW, "1204"),
    ),
    "sanitary": (
        ("Douchemengkraan thermostatisch", "st", _money("214.90", "189.35"), _FEW, "1204"),
        ("Buis meerlagen 20x2", "m", _money("1.9875", "2.1140"), _MANY, "1201"),
        ("Koppeling pers 20", "st", _money("3.4565", "3.6120"), _MANY, "1204"),
    ),
    "subcontractor": (
        ("Onderaanneming ruwbouw (btw verlegd)", "u", _money("50.00", "48.75"), _HOURS, "1211"),
        ("Pleisterwerk wanden (btw verlegd)", "m2", _money("19.85", "21.40"), _AREA, "1211"),
        ("Grondverzet met kraan (btw verlegd)", "u", _money("82.50", "79.90"), _HOURS, "1211"),
    ),
    "rental": (
        ("Huur hoogwerker 16 m", "dag", _money("142.50", "155.00"), _FEW, "1220"),
        ("Huur container 12 m3, puin", "st", _money("285.00", "310.25"), _FEW, "1220"),
    ),
    "fuel": (("Diesel B7", "l", _money("1.3987", "1.4265", "1.4411"), _money("48.37", "61.02", "55.8"), "1226"),),
    "telecom": (("Abonnement mobiel, bouwploeg", "st", _money("14.88", "18.18"), _money("6", "7"), "1228"),),
    "energy": (("Elektriciteit werkplaats", "kWh", _money("0.2174", "0.2319"), _money("812", "964", "1103"), "1224"),),
    "insurance": (("Premie polis alle bouwplaatsrisico's", "forf", _money("412.65", "398.20"), _ONE, "1230"),),
    "catering": (
        ("Broodjes werfvergadering", "st", _money("5.20", "5.85"), _money("8", "12"), "1233"),
        ("Koffie en water", "forf", _money("24.50", "31.75"), _ONE, "1233"),
    ),
    "plants": (("Haagbeuk, wortelgoed 100/120", "st", _money("2.95", "3.15"), _MANY, "1201"),),
    "steel": (("Stalen profiel HEA 200", "m", _money("41.8860", "43.0215"), _AREA, "1201"),),
    "machines": (("Trilplaat 90 kg", "st", _money("2140.00", "2265.00"), _ONE, "1290"),),
    "tiles": (("Keramische tegel 60x60, gerectificeerd", "m2", _money("18.4525", "19.2075"), _AREA, "1201"),),
}
"""By trade: text, unit, unit prices, quantities, account id."""

ARTICLE_GROUPS: Mapping[str, str] = {
    "renovation": "Renovatie",
    "works": "Ruwbouw en afwerking",
    "hours": "Regie",
    "small": "Klein materiaal",
    "goods": "Prefab",
    "materials": "Bouwmaterialen",
    "sanitary": "Sanitair",
    "subcontractor": "Onderaanneming",
}
"""Trade → the group that its articles are in; other trades are groups of their own."""

SALES_ACCOUNTS = frozenset(id for id, (code, _) in ACCOUNTS.items() if code.startswith("7"))
"""Accounts of what is sold; the others are of what is bought."""
