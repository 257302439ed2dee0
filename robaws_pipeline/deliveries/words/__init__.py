"""What a delivery says to people, in the language of the company: words, days, months and amounts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from robaws_pipeline.deliveries.words import dutch, english, french
from robaws_pipeline.reasons import Language

_WORDS: Mapping[Language, Mapping[str, str]] = {"en": english.WORDS, "nl": dutch.WORDS, "fr": french.WORDS}


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one language."""

    language: Language

    def __call__(self, key: str, **values: object) -> str:
        """A text, its braces filled; KeyError when there is none of this key."""
        return _WORDS[self.language][key].format(**values)

    def knows(self, key: str) -> bool:
        """Whether there is a text of this key."""
        return key in _WORDS[self.language]

    def day(self, text: str) -> str:
        """A date, from YYYY-MM-DD."""
        return date.fromisoformat(text).strftime(self("day"))

    def month(self, text: str) -> str:
        """A month in words, from YYYY-MM."""
        year, number = text.split("-")
        return f"{self('months').split()[int(number) - 1]} {year}"

    def amount(self, text: str) -> str:
        """An amount as manifests write it, with the language's decimal sign and thousands apart."""
        apart = str.maketrans({",": self("thousands"), ".": self("decimal")})
        return f"{Decimal(text):,.2f}".translate(apart)
