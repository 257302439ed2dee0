"""The cover sheet: what an accountant reads before importing, on a page. HTML that prints, from the manifest alone."""

from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined, Template

from robaws_pipeline.deliveries.manifest import Document, LeftOut, Manifest, Totals
from robaws_pipeline.deliveries.words import Words
from robaws_pipeline.settings import Company

FILE = "cover.html"
_SHOWN = {"corrected": 12, "left_out": 8, "partly": 3}
"""Rows of each list: about what leaves everything on one page."""


@cache
def _template() -> Template:
    # What stands in it comes from Robaws: names with < and & in them, and worse.
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(files(__package__).joinpath(FILE).read_text(encoding="utf-8"))


def _kinds(totals: Totals, words: Words) -> Iterator[tuple[str, dict[str, Any]]]:
    for collection, types in totals.items():
        for type_, sums in types.items():
            key = f"{collection} {type_}"
            yield words(key) if words.knows(key) else key, sums


def _label(one: Document | LeftOut, words: Words) -> str:
    number = one.number or words("id", id=one.id)
    return f"{words(one.collection)} {number}" + (f", {one.party}" if one.party else "")


def period(manifest: Manifest, words: Words) -> str:
    """The months of its documents, in words."""
    if manifest.kind == "withdrawal":
        return words("nothing to import")
    months = {one.month for one in manifest.documents} | {one.was.month for one in manifest.documents if one.was}
    if not months:
        return words("no documents")
    first, last = words.month(min(months)), words.month(max(months))
    return first if first == last else words("span", first=first, last=last)


def cover(manifest: Manifest, company: Company) -> bytes:
    """The sheet, in the language of the company. `manifest.files` is not looked at: the sheet is one of them."""
    words = Words(company.language)
    text = _template().render(
        manifest=manifest,
        company=company,
        words=words,
        title=words(manifest.kind, number=manifest.number, withdraws=manifest.withdraws),
        period=period(manifest, words),
        formats=", ".join(
            f"{name} ({made['documents']})" for name, made in manifest.formats.items() if made["documents"]
        ),
        corrected=[one for one in manifest.documents if one.was is not None],
        partly=[one for one in manifest.documents if one.formats_held],
        not_read=lambda names: f" {words('and')} ".join(words(f"not read {name}") for name in names),
        kinds=_kinds,
        label=_label,
        contact=company.deliveries.contact or company.email or company.name,
        shown=_SHOWN,
    )
    return text.encode()
