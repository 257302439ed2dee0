"""What an own rule is: one function with its id, what it demands and what to do when a file does not meet it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from robaws_pipeline.validation import Finding
from robaws_pipeline.validation.places import place
from robaws_pipeline.validation.reading import Document, Element


@dataclass(frozen=True, slots=True)
class Wrong:
    """A place that breaks a rule, with the figures."""

    at: Element
    detail: str
    fatal: bool = True


Check = Callable[[Document], Iterator[Wrong]]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of our own."""

    id: str
    demand: str
    """What must hold, as a sentence."""
    remedy: str
    fatal: bool
    check: Check

    def findings(self, document: Document) -> Iterator[Finding]:
        """The places of a document that break it."""
        for wrong in self.check(document):
            sentence = f"{self.demand}: {wrong.detail}"
            yield Finding("own", self.id, self.fatal and wrong.fatal, place(wrong.at), sentence, self.remedy)


RULES: list[Rule] = []
"""All own rules, in the order in which they are written."""


def rule(id_: str, demand: str, remedy: str, *, fatal: bool = True) -> Callable[[Check], Check]:
    """Make a rule of the function below."""

    def add(check: Check) -> Check:
        RULES.append(Rule(id_, demand, remedy, fatal, check))
        return check

    return add
