"""A format's files once more in a zip, for whoever uploads or mails one file instead of many."""

import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from itertools import count

from robaws_pipeline.formats.base import ExportFile

_FULL = 20_000_000
"""Bytes from which a zip is closed and the next begun: mail servers and upload pages take 25 MB, and memory does not
grow with the month."""

_LEVEL = 1
"""Of compression: level 6 takes twice as long and makes UBL a tenth smaller."""

_NO_TIME = (1980, 1, 1, 0, 0, 0)
_READABLE = 0o100644 << 16
_UNIX = 3


def with_zips(
    files: Iterable[ExportFile], stem: str, *, full: int = _FULL
) -> Iterator[tuple[ExportFile, Sequence[str]]]:
    """The files, each with nothing, and the zips that they are in, each with the paths in it.

    One zip, ``<stem>.zip``, after the last file; numbered ones, ``<stem>-01.zip`` first, when there is too much for
    one. The same files in the same order make the same bytes.
    """
    waiting = iter(files)
    for number in count(1):
        content, paths = io.BytesIO(), []
        with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as archive:
            for file in waiting:
                yield file, ()
                archive.writestr(_entry(file.path), file.content)
                paths.append(file.path)
                if content.tell() >= full:
                    break
        filled = content.tell() >= full
        if paths:
            yield (
                ExportFile(f"{stem}-{number:02}.zip" if filled or number > 1 else f"{stem}.zip", content.getvalue()),
                paths,
            )
        if not filled:
            return


def _entry(path: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(path, _NO_TIME)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr, entry.create_system = _READABLE, _UNIX
    return entry
