"""Units as people type them in Robaws, as codes of UN/ECE Recommendations 20 and 21."""

from collections.abc import Mapping

PIECE = "C62"
"""One: the code for a unit that says nothing, or that we do not know."""

_TYPED = {
    "C62": "st st. stk stuk stuks u unit units pce pc pcs piece pieces pièce pièces eenheid eenheden unité",
    "HUR": "uur uren u. h hr hrs heure heures hour hours manuur manuren",
    "MIN": "min minuut minuten minute minutes",
    "DAY": "dag dagen d jour jours day days mandag mandagen",
    "WEE": "week weken semaine semaines weeks",
    "MON": "maand maanden mnd mois month months",
    "ANN": "jaar jaren an année années years year",
    "MTR": "m lm m1 mtr meter meters mètre mètres strekkende_meter lopende_meter",
    "CMT": "cm centimeter",
    "MMT": "mm millimeter",
    "MTK": "m2 m² m^2 vierkante_meter",
    "MTQ": "m3 m³ m^3 kubieke_meter",
    "KMT": "km kilometer kilometers kilomètre",
    "KGM": "kg kilo kilogram kilogramme",
    "GRM": "g gr gram gramme",
    "TNE": "ton t tonne tonnes",
    "LTR": "l liter liters litre litres ltr",
    "KWH": "kwh",
    "SET": "set sets",
    "PR": "paar paire",
    "XPK": "pak pakken paquet",
    "XRO": "rol rollen rouleau",
    "XBX": "doos dozen boîte",
    "XBG": "zak zakken sac",
    "XPX": "pallet paletten palette",
    "LS": "forfait forfaitair forf forf. fft sog",
    "P1": "%",
}
"""Code → what is typed for it, in lower case; `_` stands for a space. `u` alone is a piece (unit), not an hour."""

CODES = {word.replace("_", " "): code for code, words in _TYPED.items() for word in words.split()}


def unit_code(typed: str | None, own: Mapping[str, str] = CODES) -> str | None:
    """The code of a unit, `PIECE` when none is given; None when it is not known. `own` meanings, by unit in small
    letters, go before ours."""
    word = (typed or "").strip().casefold()
    return (own.get(word) or CODES.get(word)) if word else PIECE
