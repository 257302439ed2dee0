"""A folder of files, local or in an object store, in which a file is seen whole or not at all."""

import errno
import os
import re
import shutil
import uuid
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from itertools import accumulate
from pathlib import Path, PurePosixPath
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import fs

try:
    import fcntl
except ImportError:  # Windows, where nobody can remove a file that somebody has open
    fcntl = None  # type: ignore[assignment]


class StoreError(Exception):
    """Files cannot be written or read: which, why, and what to do. What was there before is still there."""


_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_REFUSED = {errno.EACCES, errno.EPERM, errno.EROFS}
_IN_THE_WAY = {errno.ENOTDIR, errno.EEXIST, errno.EISDIR}


def refusal(place: str, error: OSError, deed: str = "written") -> StoreError:
    """What the operating system refused to do with `place`, in words that help."""
    if error.errno in _FULL:
        remedy = "Make room on that disk"
    elif error.errno in _REFUSED:
        remedy = "Give the user who runs this the right to it, or name another folder in the settings"
    elif error.errno in _IN_THE_WAY:
        remedy = "A file stands where a folder belongs, or the other way round: move it away"
    else:
        remedy = "See that the disk is there and in order"
    why = os.strerror(error.errno) if error.errno else str(error)
    return StoreError(f"{place} cannot be {deed}: {why}. {remedy}, then run it again: what was there is unharmed.")


@contextmanager
def writing(place: str | Path) -> Iterator[None]:
    """What the operating system refuses inside the block is told as a `StoreError` about `place`."""
    try:
        yield
    except OSError as error:
        raise refusal(str(place), error) from error


@contextmanager
def _reading(place: str) -> Iterator[None]:
    """As `writing`; that a file is not there is for the reader to judge."""
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        if error.errno is None:  # not the operating system's: a file that is not whole, or an object store's answer
            raise
        raise refusal(place, error, "read") from error


_UNFINISHED = re.compile(r"\.(?P<name>.+)\.[0-9a-f]{8}")
"""Names of files that are being written, or that a killed process left."""


def _begin(file: Path) -> tuple[Path, BinaryIO]:
    """A new file to write what becomes `file`. While it is open, nobody takes it for what a killed process left."""
    while True:
        unfinished = file.with_name(f".{file.name}.{uuid.uuid4().hex[:8]}")
        stream = unfinished.open("xb")
        if fcntl is None:
            return unfinished, stream
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(stream.fileno()).st_nlink:
                return unfinished, stream
        except BlockingIOError:
            pass
        except OSError:  # this file system has no locks: then nothing is ever taken for a dead one's
            return unfinished, stream
        # Between the two lines somebody took it for a dead one's.
        stream.close()


def _clear_unfinished(folder: Path) -> None:
    """Remove what killed processes left unfinished in a folder. A file that somebody writes is locked, and stays."""
    with os.scandir(folder) as entries:
        found = [Path(entry.path) for entry in entries if entry.name[0] == "." and _UNFINISHED.fullmatch(entry.name)]
    for unfinished in found:
        with suppress(OSError), unfinished.open("rb") as stream:
            if fcntl is not None:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            unfinished.unlink()


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":  # elsewhere a folder cannot be opened
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


_LARGE_ROWS = 128
"""Rows of a Parquet group when each carries a JSON of some kilobytes."""


def _remove_with_empty_folders(root: Path, name: str) -> None:
    """Remove a file under `root`, and the folders in between that have nothing left."""
    (root / name).unlink(missing_ok=True)
    for folder in (root / name).parents:
        if folder == root:
            break
        with suppress(OSError):  # it has files, or is gone already
            folder.rmdir()


class Store:
    """A folder under a local path or an object-store URL (``s3://…``, ``gs://…``); paths in it use forward slashes."""

    def __init__(self, filesystem: fs.FileSystem, root: str) -> None:
        self._fs = filesystem
        self.root = root.rstrip("/")
        self.is_local = isinstance(filesystem, fs.LocalFileSystem)

    @classmethod
    def at(cls, location: str, base: Path) -> "Store":
        """The store at a URL, or at a local path; relative paths start from `base`."""
        if "://" in location:
            return cls(*fs.FileSystem.from_uri(location))
        return cls(fs.LocalFileSystem(), (base / Path(location).expanduser()).resolve().as_posix())

    def child(self, *parts: str) -> "Store":
        """The store of a folder in this one."""
        return Store(self._fs, str(PurePosixPath(self.root, *parts)))

    def path(self, name: str = "") -> str:
        """Full path of a file or folder, for messages and for programs that open it themselves."""
        return f"{self.root}/{name}" if name else self.root

    def names(self, folder: str = "") -> list[str]:
        """Names of the files and folders directly in `folder`, sorted; empty when there is no such folder. Names with
        a leading dot are unfinished or put aside, and not listed."""
        place = self.path(folder)
        with _reading(place):
            found = self._fs.get_file_info(fs.FileSelector(place, allow_not_found=True))
        return sorted(info.base_name for info in found if not info.base_name.startswith("."))

    def exists(self, name: str) -> bool:
        """Whether there is a file or folder of this name."""
        return bool(self._fs.get_file_info(self.path(name)).type != fs.FileType.NotFound)

    def read(self, name: str) -> bytes | None:
        """The bytes of a file; None when there is none."""
        try:
            with _reading(self.path(name)), self._fs.open_input_stream(self.path(name)) as stream:
                return bytes(stream.read())
        except FileNotFoundError:
            return None

    def write(self, name: str, content: bytes | pa.Buffer, *, durable: bool = True) -> None:
        """Make `content` the file's bytes in one step. `durable`: it also survives a power cut once this returns."""
        target = self.path(name)
        if not self.is_local:
            # An object becomes visible when its upload is complete.
            with self._fs.open_output_stream(target) as stream:
                stream.write(content)
            return
        with writing(target):
            self._write_local(Path(target), content, durable)

    @staticmethod
    def _write_local(file: Path, content: bytes | pa.Buffer, durable: bool) -> None:
        made = [folder for folder in file.parents if not folder.exists()]
        file.parent.mkdir(parents=True, exist_ok=True)
        _clear_unfinished(file.parent)
        unfinished, stream = _begin(file)
        try:
            with stream:
                stream.write(content)
                if durable:
                    stream.flush()
                    os.fsync(stream.fileno())
            unfinished.replace(file)
            if durable:
                # The name is an entry of the folder, and a new folder one of the folder above it.
                for folder in (file.parent, *(folder.parent for folder in made)):
                    _sync_folder(folder)
        finally:
            unfinished.unlink(missing_ok=True)

    def write_table(self, name: str, table: pa.Table, *, durable: bool = True) -> None:
        """Write a Parquet file in one step."""
        sink = pa.BufferOutputStream()
        # Dictionaries for the columns that repeat; the JSON of the raw log is compressed, which costs less.
        dictionary = [field.name for field in table.schema if field.name not in {"json", "hash", "id", "document_id"}]
        pq.write_table(
            table,
            sink,
            compression="zstd",
            compression_level=1,
            use_dictionary=dictionary,
            # A group is what must be read for one row: few rows where they are large.
            row_group_size=_LARGE_ROWS if "json" in table.schema.names else None,
        )
        self.write(name, sink.getvalue(), durable=durable)

    def read_table(self, name: str, columns: list[str] | None = None) -> pa.Table:
        """Read a Parquet file; FileNotFoundError when there is none."""
        with _reading(self.path(name)), self._fs.open_input_file(self.path(name)) as source:
            # A data set of one file would cost three times as much to open.
            return pq.ParquetFile(source).read(columns=columns)

    def read_rows(self, name: str, positions: Sequence[int], columns: list[str]) -> pa.Table:
        """The rows of a Parquet file at these positions, which ascend; reads no more groups than they are in."""
        with _reading(self.path(name)), self._fs.open_input_file(self.path(name)) as source:
            file = pq.ParquetFile(source)
            sizes = [file.metadata.row_group(number).num_rows for number in range(file.num_row_groups)]
            starts = [0, *accumulate(sizes)]
            places = [(bisect_right(starts, position) - 1, position) for position in positions]
            groups = sorted({group for group, _ in places})
            # Where each group begins in what is read.
            begins = dict(zip(groups, accumulate([0, *(sizes[group] for group in groups)]), strict=False))
            rows = file.read_row_groups(groups, columns=columns)
        return rows.take([begins[group] + position - starts[group] for group, position in places])

    def remove(self, name: str) -> None:
        """Remove a file; nothing happens when there is none."""
        # Another process may remove it between the question and the deed.
        with writing(self.path(name)), suppress(FileNotFoundError):
            if self._fs.get_file_info(self.path(name)).type == fs.FileType.File:
                self._fs.delete_file(self.path(name))

    def publish(self, folder: str, files: Iterable[tuple[str, bytes]], discard: Iterable[str] = ()) -> None:
        """Replace `folder` by `files` (paths in it, bytes), written one at a time.

        On a local disk the new folder is written beside the old one and takes its place by renaming, so that what
        is seen is always one complete set. In an object store the last of `files` is written last, and files of the
        old set that the new one does not have go after it: let the last one be the manifest. `discard` is read when
        `files` has ended: paths that were written and turn out not to belong.
        """
        if self.is_local:
            self._publish_local(Path(self.path(folder)), files, discard)
        else:
            self._publish_objects(folder, files, discard)

    def create_folder(self, folder: str, files: Mapping[str, bytes]) -> None:
        """Write a folder that was not there; it survives a power cut once this returns. FileExistsError when it is.

        On a local disk it appears whole, by renaming; in an object store the last of `files` is written last. Only one
        process at a time may make folders beside each other: what killed ones left there is cleared away.
        """
        if self.exists(folder):
            raise FileExistsError(self.path(folder))
        if self.is_local:
            self._create_local(Path(self.path(folder)), files)
            return
        place = self.child(folder)
        for name, content in files.items():
            place.write(name, content)

    @staticmethod
    def _create_local(target: Path, files: Mapping[str, bytes]) -> None:
        fresh = target.with_name(f".{target.name}.new")
        with writing(target):
            made = [parent for parent in target.parents if not parent.exists()]
            target.parent.mkdir(parents=True, exist_ok=True)
            for left in target.parent.glob(".*.new"):
                shutil.rmtree(left, ignore_errors=True)
            try:
                fresh.mkdir()
                folders = {fresh, *((fresh / name).parent for name in files)}
                for name, content in files.items():
                    file = fresh / name
                    file.parent.mkdir(parents=True, exist_ok=True)
                    with file.open("xb") as stream:
                        stream.write(content)
                        stream.flush()
                        os.fsync(stream.fileno())
                for inner in folders | {parent for one in folders for parent in one.parents if fresh in parent.parents}:
                    _sync_folder(inner)
                fresh.rename(target)
            except BaseException:
                shutil.rmtree(fresh, ignore_errors=True)
                raise
            for parent in (target.parent, *(parent.parent for parent in made)):
                _sync_folder(parent)

    def all_names(self, folder: str) -> list[str]:
        """Paths of all files under `folder`, relative to it, sorted."""
        place = self.path(folder)
        with _reading(place):
            found = self._fs.get_file_info(fs.FileSelector(place, allow_not_found=True, recursive=True))
        return sorted(info.path.removeprefix(f"{place}/") for info in found if info.type == fs.FileType.File)

    def remove_folder(self, folder: str) -> None:
        """Remove a folder and everything in it; nothing happens when there is none."""
        if self.is_local:
            with writing(self.path(folder)):
                shutil.rmtree(self.path(folder), ignore_errors=True)
            return
        for name in self.all_names(folder):
            self.remove(f"{folder}/{name}")

    def clear_replaced(self) -> None:
        """Remove what a killed process left of folders that it had replaced by then.

        `publish` does so for the folder it writes; that of a month which nobody writes again stays until then.
        """
        if not self.is_local:
            return
        for old in Path(self.path()).glob(".*.old"):
            if old.with_name(old.name[1:].removesuffix(".old")).exists():
                shutil.rmtree(old, ignore_errors=True)

    def _publish_local(self, target: Path, files: Iterable[tuple[str, bytes]], discard: Iterable[str]) -> None:
        fresh = target.with_name(f".{target.name}.new")
        old = target.with_name(f".{target.name}.old")
        with writing(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            # What a kill left: a new folder that is not whole, or between the two renames the only old one there is.
            shutil.rmtree(fresh, ignore_errors=True)
            if old.exists() and not target.exists():
                old.rename(target)
            shutil.rmtree(old, ignore_errors=True)
        made: set[str] = set()
        try:
            with writing(target):
                fresh.mkdir()
            # Only what writes stands inside `writing`: an error of whoever makes the files is not the disk's.
            for name, content in files:
                # Paths as text: a `Path` for each of thousands of files costs more than to write them.
                parent = name.rpartition("/")[0]
                with writing(f"{target}/{name}"):
                    if parent not in made:
                        (fresh / parent).mkdir(parents=True, exist_ok=True)
                        made.add(parent)
                    with open(f"{fresh}/{name}", "wb") as stream:
                        stream.write(content)
            with writing(target):
                for name in discard:
                    _remove_with_empty_folders(fresh, name)
                if target.exists():
                    target.rename(old)
                fresh.rename(target)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
            if old.exists() and not target.exists():
                old.rename(target)
            shutil.rmtree(old, ignore_errors=True)

    def _publish_objects(self, folder: str, files: Iterable[tuple[str, bytes]], discard: Iterable[str]) -> None:
        place = self.child(folder)
        selector = fs.FileSelector(place.root, allow_not_found=True, recursive=True)
        before = {
            info.path.removeprefix(f"{place.root}/")
            for info in self._fs.get_file_info(selector)
            if info.type == fs.FileType.File
        }
        written = set()
        for name, content in files:
            place.write(name, content)
            written.add(name)
        for name in {*discard, *(before - written)}:
            place.remove(name)
