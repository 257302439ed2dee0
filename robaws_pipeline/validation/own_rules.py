"""Our own rules: what the official ones let through."""

from collections.abc import Iterator

from robaws_pipeline.validation import Finding, cent_rules, sense_rules
from robaws_pipeline.validation.reading import Document
from robaws_pipeline.validation.rule import RULES, Rule

__all__ = ["PEPPOL", "RULES", "Rule", "findings"]

PEPPOL = sense_rules.PEPPOL
CENT_RULES = [rule.id for rule in RULES if rule.check.__module__ == cent_rules.__name__]
"""The ids of those that compute."""


def findings(document: Document) -> Iterator[Finding]:
    """Everything about a document that breaks an own rule."""
    for rule in RULES:
        yield from rule.findings(document)
