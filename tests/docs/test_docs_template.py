"""The worked examples of docs/formats/template.md make shipped files, byte for byte."""

import tomllib
from decimal import Decimal
from typing import Any

import pytest
from markdown_files import ROOT, fences

from robaws_pipeline.formats import registry, testing
from robaws_pipeline.formats.base import ExportFile, Format, MonthBooks
from robaws_pipeline.formats.journal import JournalFormat
from robaws_pipeline.formats.samples import COMPANY
from robaws_pipeline.formats.texts import REPORT
from robaws_pipeline.settings import Company

PAGE = ROOT / "docs" / "formats" / "template.md"


def _described() -> dict[str, Any]:
    """Every layout on the page, by name."""
    text = PAGE.read_text(encoding="utf-8")
    found: dict[str, Any] = {}
    for fence in fences(text, "toml"):
        found |= tomllib.loads(fence, parse_float=Decimal)["companies"]["acme"]["templates"]
    return found


TEMPLATES = _described()
REBUILT = {"as_journal": "journal.csv", "as_documents": "documents.csv", "as_parties": "parties.csv"}


def _company() -> Company:
    return COMPANY.model_copy(update={"templates": TEMPLATES})


def _format(name: str) -> Format:
    (format_,) = registry.select(_company(), name)
    return format_


def _files(format_: Format, books: MonthBooks) -> dict[str, bytes]:
    return {file.path: file.content for file in testing.read_export(format_, books)[0]}


def test_every_layout_on_the_page_is_in_order() -> None:
    """What is copied into robaws.toml must work as it stands."""
    assert set(TEMPLATES) == {"mijnlayout", *REBUILT}
    assert list(registry.settings_problems(_company())) == []


@pytest.mark.parametrize("sample", testing.SAMPLES)
@pytest.mark.parametrize(("name", "file"), REBUILT.items())
def test_a_shipped_file_is_rebuilt_byte_for_byte(name: str, file: str, sample: str) -> None:
    """A layout that comes close, and drops a cent or a quote, would import and be wrong."""
    books = testing.SAMPLES[sample]()
    assert _files(_format(name), books) == {file: _files(JournalFormat(), books)[file]}


@pytest.mark.parametrize("sample", testing.SAMPLES)
@pytest.mark.parametrize("name", TEMPLATES)
def test_the_layouts_of_the_page_keep_the_promises_of_a_format(name: str, sample: str) -> None:
    """A layout is a format like the others."""
    encoding = TEMPLATES[name]["encoding"]

    def read(file: ExportFile) -> str:
        return file.content.decode("utf-8-sig" if file.path == REPORT else encoding)

    testing.check(lambda: _format(name), sample, read)
