"""Half characters in JSON.

A text that was cut in the middle of an emoji ends in one half of a surrogate pair, written as the escape ``\\ud83d``.
That is JSON to a lenient writer and none to a strict reader, which refuses the whole page for it.
"""

import re

_ESCAPES = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"  # a whole pair
    rb"|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})"  # a half
    rb"|\\."  # any other escape, so that an escaped backslash is not taken for the start of one
)
_REPLACEMENT = rb"\ufffd"


def whole_characters(json: bytes) -> bytes:
    """The JSON with U+FFFD, the replacement character, for each half of a surrogate pair; all other bytes untouched."""
    return _ESCAPES.sub(lambda found: _REPLACEMENT if found[1] else found[0], json)
