"""Characters that a file's encoding cannot hold, in letters that it can: "Łódź" as "Lodz", "Иван" as "Ivan".

Unicode's own decompositions do most of it. The table adds what they leave whole: letters with a stroke, ligatures,
punctuation, and the Cyrillic and Greek of customers' names. (Libraries such as Unidecode are either under the GPL or
bring ten thousand lines of Chinese syllables for names that no accountant's program of this century holds in CP1252.)
"""

import unicodedata
from functools import cache

UNKNOWN = "?"
"""Stands for a character that no letters are known for."""

_LETTERS = {
    "ß": "ss", "ẞ": "SS", "Æ": "AE", "æ": "ae", "Œ": "OE", "œ": "oe", "Ø": "O", "ø": "o", "Ł": "L", "ł": "l",
    "Đ": "D", "đ": "d", "Ð": "D", "ð": "d", "Þ": "Th", "þ": "th", "ı": "i", "Ħ": "H", "ħ": "h", "Ŧ": "T", "ŧ": "t",
    "ĸ": "k", "Ŋ": "N", "ŋ": "n", "ſ": "s", "Ə": "A", "ə": "a",
}  # fmt: skip

_MARKS = {
    "€": "EUR", "£": "GBP", "¥": "JPY", "’": "'", "‘": "'", "‚": "'", "‛": "'", "′": "'", "ʼ": "'", "`": "'",
    "“": '"', "”": '"', "„": '"', "″": '"', "«": '"', "»": '"', "‹": "'", "›": "'", "…": "...", "•": "-", "·": ".",
    "×": "x", "÷": "/", "⁄": "/", "∕": "/", "−": "-", "±": "+/-", "≤": "<=", "≥": ">=", "≠": "<>", "≈": "~",
    "→": "->", "←": "<-", "√": "V", "⌀": "O", "∅": "O", "°": "o", "©": "(c)", "®": "(r)", "¼": "1/4",
    "½": "1/2", "¾": "3/4", "µ": "u", "∞": "oo", "¦": "|", "¬": "-", "¡": "!", "¿": "?",
    "§": "par.", "¶": "", "‰": "o/oo", "№": "No", "†": "+", "‡": "+", "■": "-", "▪": "-", "●": "-", "✓": "v", "✔": "v",
}  # fmt: skip

_CYRILLIC = """
а a б b в v г g д d е e ж zh з z и i й y к k л l м m н n о o п p р r с s т t у u ф f х kh ц ts ч ch ш sh щ shch ъ a
ы y ь ' э e ю yu я ya є ye і i ї yi ґ g ђ dj ј j љ lj њ nj ћ c џ dz ѓ gj ќ kj ѕ dz ў w
"""
_GREEK = """
α a β v γ g δ d ε e ζ z η i θ th ι i κ k λ l μ m ν n ξ x ο o π p ρ r σ s ς s τ t υ y φ f χ ch ψ ps ω o
"""


def _alphabet(pairs: str) -> dict[str, str]:
    parts = pairs.split()
    small = dict(zip(parts[::2], parts[1::2], strict=True))
    return small | {letter.upper(): latin.capitalize() for letter, latin in small.items()}


_TABLE = _alphabet(_CYRILLIC) | _alphabet(_GREEK) | _LETTERS | _MARKS

_BY_CATEGORY = {"Zs": " ", "Zl": " ", "Zp": " ", "Cf": "", "Mn": "", "Me": "", "Pd": "-"}
"""Spaces of any width, marks that are not seen, accents on their own, dashes."""


def can_hold(encoding: str, text: str) -> bool:
    """Whether the encoding has all characters of the text."""
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


@cache
def replacement(character: str, encoding: str) -> str:
    """What stands for a character in this encoding: itself when it can, else letters that read like it, else "?"."""
    if can_hold(encoding, character):
        return character
    if character in _TABLE:
        return _TABLE[character]
    plain = [part for part in unicodedata.normalize("NFKD", character) if not unicodedata.combining(part)]
    if plain and plain != [character]:
        return "".join(replacement(part, encoding) for part in plain)
    if (digit := unicodedata.decimal(character, None)) is not None:
        return str(digit)
    return _BY_CATEGORY.get(unicodedata.category(character), UNKNOWN)
