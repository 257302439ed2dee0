"""Where in a file something is: XPath as people read it."""

import re

from lxml import etree

from robaws_pipeline.validation.reading import NAMESPACES, Element

_PREFIXES = {uri: prefix for prefix, uri in NAMESPACES.items()}
_CLARK = re.compile(r"Q?\{([^}]*)\}")
_ANY_PREFIX = re.compile(r"\*:([\w.-]+)\[namespace-uri\(\)\s*=\s*'([^']*)'\]")


def place(at: Element) -> str:
    """The XPath of an element: prefixes as usual, none for the root, positions only where they are needed."""
    steps = []
    one: Element | None = at
    while one is not None:
        steps.append(_step(one))
        one = one.getparent()
    return "/" + "/".join(reversed(steps))


def _step(at: Element) -> str:
    name = etree.QName(at)
    prefix = _PREFIXES.get(name.namespace or "")
    step = f"{prefix}:{name.localname}" if prefix else name.localname
    before = sum(1 for _ in at.itersiblings(at.tag, preceding=True))
    alone = not before and next(at.itersiblings(at.tag), None) is None
    return step if alone else f"{step}[{before + 1}]"


def without_namespaces(sentence: str) -> str:
    """A message with names as people read them in place of {namespace}name."""
    return _CLARK.sub(lambda found: f"{_PREFIXES[found[1]]}:" if found[1] in _PREFIXES else "", sentence)


def located(root: Element, xpath: str) -> str:
    """A location as the official rules give it, in two ways of writing, said as `place` does."""
    wanted = _ANY_PREFIX.sub(lambda found: f"{{{found[2]}}}{found[1]}", xpath)
    wanted, _, attribute = wanted.partition("/@")
    at: Element | None = root
    # Step by step, because a namespace in braces has slashes of its own and XPath 1.0 knows no braces.
    for step in re.findall(r"/(?:Q?\{([^}]*)\})?([\w.*-]+)(?:\[(\d+)\])?", wanted)[1:]:
        namespace, name, position = step
        children = [] if at is None else list(at.iterchildren(f"{{{namespace}}}{name}"))
        index = int(position or 1) - 1
        at = children[index] if index < len(children) else None
    if at is None:
        return without_namespaces(wanted)
    return place(at) + (f"/@{attribute}" if attribute else "")
