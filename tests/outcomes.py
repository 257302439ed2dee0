"""What a company ends with, to compare runs that were disturbed with one that was not."""

import shutil
from pathlib import Path

from companies import Place, company_toml

from robaws_pipeline.lake.store import _UNFINISHED
from robaws_pipeline.sandbox.server import Running

Versions = set[tuple[object, ...]]

_VERSION = ["id", "month", "type", "date", "party_id", "updated_at", "deleted", "hash", "json"]
"""Everything of a version but when it was received."""


def versions(place: Place) -> dict[tuple[str, str], Versions]:
    """What the raw log holds, by collection and month."""
    raw = place.workspace().raw
    return {
        (collection, month): {tuple(row.values()) for row in raw.every(collection, month).select(_VERSION).to_pylist()}
        for collection in raw.store.names()
        for month in raw.months(collection)
    }


def debris(place: Place) -> list[str]:
    """What killed processes left unfinished."""
    return [
        str(file.relative_to(place.folder))
        for top in ("data", "exports")
        for file in (place.folder / top).rglob(".*")
        if _UNFINISHED.fullmatch(file.name) or file.suffix in {".new", ".old"}
    ]


def outcome(place: Place) -> tuple[object, ...]:
    """What must be the same however often it was killed."""
    assert place.broken() == []
    return place.exported(), place.tables(), versions(place), (place.folder / "data/proef/warehouse.duckdb").exists()


def fresh(template: Path | None, folder: Path, server: Running) -> Place:
    """A company in a folder: loaded already when there is a template, else with nothing."""
    if template is None:
        folder.mkdir()
    else:
        shutil.copytree(template, folder, ignore=shutil.ignore_patterns("dagster"))
    place = Place(folder)
    place.write(company_toml(server.base_url).replace("vat_number", 'formats = ["journal"]\nvat_number', 1))
    return place
