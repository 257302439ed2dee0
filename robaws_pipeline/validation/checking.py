"""One file against the layers."""

from collections.abc import Sequence
from functools import cache

from lxml import etree

from robaws_pipeline.validation import Depth, Finding, Layer, Verdict, own_rules
from robaws_pipeline.validation.official import Schematron, against_schema
from robaws_pipeline.validation.reading import Element, kind_of, read
from robaws_pipeline.validation.traits import traits

_LARGE = 8_000_000
"""Bytes above which a file must have something embedded; the parser then needs leave for long texts."""


class Checker:
    """Checks files, one at a time. The rules are read once, which takes a second."""

    def __init__(self) -> None:
        self._schematron = Schematron()

    def check(self, content: bytes, depth: Depth = "whole") -> Verdict:
        """What the layers say of a file."""
        root = _parsed(content)
        if isinstance(root, Finding):
            return Verdict(None, (root,), ("file",))
        kind = kind_of(root)
        if kind is None:
            return Verdict(None)
        document = read(root, kind)
        findings = [*against_schema(root, kind), *own_rules.findings(document)]
        layers: list[Layer] = ["file", "xsd", "own"]
        kinds = traits(document)
        if depth == "whole":
            official = _official_layers(root)
            findings[len(findings) :] = self._schematron.check(root, official)
            layers += official
        return Verdict(kind, tuple(findings), tuple(layers), kinds)


def _official_layers(root: Element) -> list[Layer]:
    """Peppol's rules are for its own documents: a plain one of EN 16931 breaks them by being plain."""
    customization = root.findtext("{*}CustomizationID") or ""
    return ["en16931", "peppol"] if own_rules.PEPPOL in customization else ["en16931"]


@cache
def _parser(*, large: bool) -> etree.XMLParser:
    """Reads nothing but the bytes it is given."""
    return etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=large, remove_comments=True
    )


def _parsed(content: bytes) -> Element | Finding:
    try:
        root = etree.fromstring(content, _parser(large=len(content) > _LARGE))
    except etree.XMLSyntaxError as error:
        return _unreadable("FILE-XML", f"line {error.lineno}", f"It is no XML: {_said([error.msg])}")
    if root.getroottree().docinfo.internalDTD is not None:
        return _unreadable("FILE-DOCTYPE", "line 1", "It has a document type declaration, which UBL forbids")
    return root


def _said(parts: Sequence[str | None]) -> str:
    return " ".join(part for part in parts if part)


def _unreadable(rule: str, where: str, sentence: str) -> Finding:
    return Finding(
        "file", rule, True, where, sentence, "Ask for the file again, or report it to whoever makes the program."
    )
