"""Paths that a person names → the files in them, each read when its turn comes."""

import json
import zlib
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache, partial
from pathlib import Path
from threading import Lock
from typing import Any
from zipfile import BadZipFile, ZipFile, ZipInfo, is_zipfile

from robaws_pipeline.validation.pool import File

MANIFEST = "manifest.json"
_DEPTH = 3
"""Folders above a file in which its manifest may be."""

LARGEST = 200_000_000
"""Bytes of a file that we are willing to hold in memory; an invoice with all its attachments is far from it."""


class NothingThereError(Exception):
    """A path that gives no file: the text says why."""


def files(paths: Sequence[Path]) -> list[File]:
    """The files of these paths: one named itself, every ``.xml`` below a folder, every ``.xml`` in a zip.

    Names that begin with a dot are passed over: they are what somebody is still writing. So is a zip inside a folder:
    it holds the same files again, or must be named. A file in a month's folder comes with what the manifest says of it.
    NothingThereError for a path that is not there or gives none.
    """
    found = [file for path in paths for file in _of(path)]
    return list({file.name: file for file in found}.values())


def _of(path: Path) -> list[File]:
    if not path.exists():
        raise NothingThereError(f"{path} does not exist")
    if path.is_dir():
        inside = [_file(one) for one in sorted(path.rglob("*")) if _is_ours(one.relative_to(path)) and one.is_file()]
        zips = [one.name for one in sorted(path.rglob("*.zip"))]
        if not inside:
            hint = f"; it has {', '.join(zips[:3])}: name the zip itself" if zips else ""
            raise NothingThereError(f"{path} has no .xml file{hint}")
        return inside
    if is_zipfile(path):
        return list(_in_zip(path))
    return [_file(path)]


def _is_ours(name: Path) -> bool:
    return name.suffix.casefold() == ".xml" and not any(part.startswith(".") for part in name.parts)


def _file(path: Path) -> File:
    return File(str(path), partial(_bytes, path), _promised(path))


def _promised(path: Path) -> str | None:
    """The SHA-256 that the manifest of the month's folder lists for a file; None when it lists none."""
    for folder in path.parents[:_DEPTH]:
        listed = _listed(folder)
        if listed is not None:
            entry = listed.get(path.relative_to(folder).as_posix())
            return entry.get("sha256") if isinstance(entry, dict) else None
    return None


@lru_cache(64)
def _listed(folder: Path) -> dict[str, Any] | None:
    """The files of the manifest in a folder; None when there is no manifest of ours."""
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
    except (OSError, ValueError):
        return None
    found = manifest.get("files") if isinstance(manifest, dict) else None
    return found if isinstance(found, dict) else None


def _bytes(path: Path) -> bytes:
    _small_enough(path.stat().st_size)
    return path.read_bytes()


def _small_enough(size: int) -> None:
    if size > LARGEST:
        raise ValueError(f"{size:,} bytes are more than {LARGEST:,}")


def _in_zip(path: Path) -> Iterator[File]:
    try:
        archive = ZipFile(path)
    except (BadZipFile, OSError) as error:
        raise NothingThereError(f"{path} cannot be opened as a zip: {error}") from error
    members = [info for info in archive.infolist() if not info.is_dir() and _is_ours(Path(info.filename))]
    if not members:
        raise NothingThereError(f"{path} has no .xml file in it")
    read = _reader(archive)
    for info in members:
        yield File(f"{path}/{info.filename}", partial(read, info))


def _reader(archive: ZipFile) -> Callable[[ZipInfo], bytes]:
    """Reads members one at a time, whichever thread asks."""
    lock = Lock()

    def read(info: ZipInfo) -> bytes:
        _small_enough(info.file_size)
        try:
            with lock:
                return archive.read(info)
        except (BadZipFile, RuntimeError, NotImplementedError, zlib.error) as error:
            raise ValueError(f"damaged, encrypted or packed in a way we cannot read: {error}") from error

    return read
