"""Texts as XML and the rules of EN 16931 accept them: no control characters, trimmed, never blank."""

import re

_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
"""What XML 1.0 cannot carry at all, and DEL. Pasted descriptions hold such characters."""


def clean(value: str | None) -> str | None:
    """The text without forbidden characters, line ends as LF, trimmed; None when nothing is left."""
    if value is None:
        return None
    if not value.isprintable():
        value = strip_forbidden(value)
    return value.strip() or None


def strip_forbidden(value: str) -> str:
    """The text without what XML cannot carry; CR LF and CR become LF, as an XML reader would make them."""
    return _FORBIDDEN.sub("", value.replace("\r\n", "\n").replace("\r", "\n"))


def one_line(value: str | None) -> str | None:
    """As `clean`, with every run of white space a single space: for names, numbers and addresses."""
    cleaned = clean(value)
    return None if cleaned is None else " ".join(cleaned.split()) or None
