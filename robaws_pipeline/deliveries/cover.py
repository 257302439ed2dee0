"""The cover sheet: what an accountant reads before importing, on a page. HTML that prints, from the manifest alone."""

from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined, Template

from robaws_pipeline.deliveries.manifest import Document, LeftOut, Manifest, Totals
from robaws_pipeline.settings import Company

FILE = "cover.html"
_SHOWN = 15
"""Rows of a list: about what leaves everything on one page."""

_KINDS = {
    ("sales", "INVOICE"): "sales invoices",
    ("sales", "CREDIT_NOTE"): "sales credit notes",
    ("purchases", "INVOICE"): "purchase invoices",
    ("purchases", "CREDIT_NOTE"): "purchase credit notes",
}


@cache
def _template() -> Template:
    # What stands in it comes from Robaws: names with < and & in them, and worse.
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(files(__package__).joinpath(FILE).read_text(encoding="utf-8"))


def _kinds(totals: Totals) -> Iterator[tuple[str, dict[str, Any]]]:
    for collection, types in totals.items():
        for type_, sums in types.items():
            yield _KINDS.get((collection, type_), f"{collection} {type_}"), sums


def _label(one: Document | LeftOut) -> str:
    kind = "sales" if one.collection == "sales" else "purchase"
    number = one.number or f"id {one.id}"
    return f"{kind} {number}" + (f", {one.party}" if one.party else "")


def period(manifest: Manifest) -> str:
    """The months of its documents, in words."""
    months = {one.month for one in manifest.documents} | {one.was.month for one in manifest.documents if one.was}
    if not months:
        return "no documents"
    first, last = min(months), max(months)
    return first if first == last else f"{first} to {last}"


def title(manifest: Manifest) -> str:
    """What stands on top."""
    if manifest.kind == "withdrawal":
        return f"Number {manifest.number}: delivery {manifest.withdraws} is withdrawn"
    return f"Delivery {manifest.number}"


def cover(manifest: Manifest, company: Company) -> bytes:
    """The sheet. `manifest.files` is not looked at: the sheet is one of them."""
    contact = company.deliveries.contact or company.email or company.name
    text = _template().render(
        manifest=manifest,
        title=title(manifest),
        period=period(manifest) if manifest.kind == "delivery" else "nothing to import",
        formats=", ".join(f"{name} ({made['documents']})" for name, made in manifest.formats.items()),
        corrected=[one for one in manifest.documents if one.was is not None],
        partly=[one for one in manifest.documents if one.formats_held],
        kinds=_kinds,
        label=_label,
        contact=contact,
        shown=_SHOWN,
    )
    return text.encode()
