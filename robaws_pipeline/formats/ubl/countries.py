"""Countries as people type them in Robaws, as ISO 3166-1 alpha-2 codes."""

import unicodedata

_ISO = """
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC
CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD
GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH
KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW
MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC
SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY
UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
"""
ISO_CODES = frozenset(_ISO.split())
"""Every assigned code of ISO 3166-1 alpha-2."""

_NAMES = {
    "AT": "oostenrijk, autriche, austria, österreich, aut",
    "AU": "australië, australie, australia",
    "BE": "belgië, belgique, belgium, belgien, bel, b",
    "BG": "bulgarije, bulgarie, bulgaria, bulgarien",
    "BR": "brazilië, brésil, brazil, brasilien",
    "CA": "canada, kanada",
    "CD": "congo, dr congo, rdc, république démocratique du congo, democratische republiek congo",
    "CH": "zwitserland, suisse, switzerland, schweiz, che",
    "CN": "china, chine",
    "CY": "cyprus, chypre, zypern",
    "CZ": "tsjechië, tsjechische republiek, tchéquie, république tchèque, czech republic, czechia, tschechien",
    "DE": "duitsland, allemagne, germany, deutschland, deu, d",
    "DK": "denemarken, danemark, denmark, dänemark",
    "DZ": "algerije, algérie, algeria",
    "EE": "estland, estonie, estonia",
    "ES": "spanje, espagne, spain, spanien, españa, esp",
    "FI": "finland, finlande, finnland",
    "FR": "frankrijk, france, frankreich, fra, f",
    "GB": "verenigd koninkrijk, groot-brittannië, engeland, schotland, wales, royaume-uni, grande-bretagne, "
    "angleterre, united kingdom, great britain, england, scotland, vereinigtes königreich, uk, gbr",
    "GR": "griekenland, grèce, greece, griechenland, el",
    "HR": "kroatië, croatie, croatia, kroatien",
    "HU": "hongarije, hongrie, hungary, ungarn",
    "IE": "ierland, irlande, ireland, irland",
    "IL": "israël, israel",
    "IN": "india, inde, indien",
    "IS": "ijsland, islande, iceland, island",
    "IT": "italië, italie, italy, italien, italia, ita",
    "JP": "japan, japon",
    "LI": "liechtenstein",
    "LT": "litouwen, lituanie, lithuania, litauen",
    "LU": "luxemburg, groothertogdom luxemburg, luxembourg, grand-duché de luxembourg, lux, l",
    "LV": "letland, lettonie, latvia, lettland",
    "MA": "marokko, maroc, morocco",
    "MC": "monaco",
    "MT": "malta, malte",
    "NL": "nederland, holland, pays-bas, netherlands, the netherlands, niederlande, nld",
    "NO": "noorwegen, norvège, norway, norwegen",
    "NZ": "nieuw-zeeland, nouvelle-zélande, new zealand",
    "PL": "polen, pologne, poland, polska",
    "PT": "portugal",
    "RO": "roemenië, roumanie, romania, rumänien",
    "RS": "servië, serbie, serbia",
    "RU": "rusland, russie, russia",
    "SE": "zweden, suède, sweden, schweden",
    "SI": "slovenië, slovénie, slovenia, slowenien",
    "SK": "slowakije, slovaquie, slovakia, slowakei",
    "SN": "senegal, sénégal",
    "TN": "tunesië, tunisie, tunisia",
    "TR": "turkije, turquie, turkey, türkiye, türkei",
    "UA": "oekraïne, ukraine",
    "US": "verenigde staten, verenigde staten van amerika, états-unis, united states, "
    "united states of america, usa, vs",
    "ZA": "zuid-afrika, afrique du sud, south africa",
}
"""Names in Dutch, French, English and German, and the short forms that occur on Belgian address lists."""


def _plain(name: str) -> str:
    bare = "".join(c for c in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(c))
    return " ".join(bare.replace("-", " ").replace(".", "").split())


BY_NAME = {_plain(name): code for code, names in _NAMES.items() for name in names.split(",")}


def country_code(typed: str | None) -> str | None:
    """The ISO code of a country typed as code or name, accents and case aside; None when it is not known."""
    text = (typed or "").strip()
    code = text.upper()
    return code if code in ISO_CODES else BY_NAME.get(_plain(text))
