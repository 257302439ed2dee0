"""The series of numbered folders, each of which names the one before and its hash.

A link is there when its manifest is. On a local disk its folder appears whole, by one renaming; in an object store the
manifest is written last.
"""

import hashlib
import platform
import re
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import msgspec

from robaws_pipeline.deliveries import manifest as manifests
from robaws_pipeline.deliveries.manifest import File, Manifest, Previous
from robaws_pipeline.deliveries.standing import standing, withdrawn
from robaws_pipeline.lake.store import Store

MANIFEST = "manifest.json"
_FOLDER = re.compile(r"(?P<number>\d{4,})-\d{4}-\d{2}-\d{2}")


class ArchiveError(Exception):
    """The series of deliveries is not what it was, so nothing may be added to it: what, and what to do."""


@dataclass(frozen=True, slots=True)
class Link:
    """One folder with a manifest."""

    folder: str
    sha256: str
    """Of the manifest's bytes."""
    manifest: Manifest


def sha256(content: bytes) -> str:
    """As manifests write it."""
    return hashlib.sha256(content).hexdigest()


def sums(files: Mapping[str, bytes]) -> dict[str, File]:
    """What identifies the bytes of each file."""
    return {name: File(sha256(content), len(content)) for name, content in files.items()}


class Archive:
    """``exports/<company>/deliveries``."""

    def __init__(self, exports: Store, lake: Store) -> None:
        """`lake` keeps a witness: the number and hash of the last link. It decides nothing; without it nobody could
        tell that the last folders of the series were removed."""
        self.store = exports.child("deliveries")
        self._lake = lake

    def _folders(self) -> list[str]:
        return [name for name in self.store.names() if _FOLDER.fullmatch(name)]

    def _read(self, folder: str) -> Link | None:
        content = self.store.read(f"{folder}/{MANIFEST}")
        return None if content is None else Link(folder, sha256(content), manifests.decode(content))

    def links(self) -> list[Link]:
        """All links in order; ArchiveError when they are no series."""
        found: list[Link] = []
        lost: list[str] = []
        for folder in self._folders():
            try:
                link = self._read(folder)
            except msgspec.DecodeError as error:
                raise ArchiveError(f"{self._place(folder)}/{MANIFEST} cannot be read: {error}. {_REMEDY}") from None
            if link is not None:
                found.append(link)
            elif self.store.is_local:  # where a folder appears whole; in an object store it may be an unfinished one
                lost.append(f"{folder} has no {MANIFEST}: it was removed")
        found.sort(key=lambda link: link.manifest.number)
        problems = [*lost, *_series(found), *self._removed_at_the_end(found)]
        if problems:
            raise ArchiveError(f"{self._place()}: {'; '.join(problems)}. {_REMEDY}")
        return found

    def _place(self, folder: str = "") -> str:
        return self.store.path(folder)

    def _removed_at_the_end(self, found: list[Link]) -> Iterator[str]:
        content = self._lake.read(_WITNESS)
        if content is None:
            return
        try:
            last = msgspec.json.decode(content, type=Previous)
        except msgspec.DecodeError:
            yield f"{self._lake.path(_WITNESS)} cannot be read: see that the last delivery is there, then delete it"
            return
        there = {link.manifest.number: link.sha256 for link in found}
        if last.number not in there:
            yield f"delivery {last.number} was made, and is not there"
        elif there[last.number] != last.sha256:
            yield f"the manifest of delivery {last.number} is not the one that was written"

    @contextmanager
    def only_writer(self) -> Iterator[None]:
        """In an object store, keep other hosts out; processes of this host must be kept out already.

        No file system that Arrow has can write an object only if it is not there. So each writer puts a claim beside
        the deliveries and then lists them: who sees no claim but his own goes on, the others go away. Whoever came
        second saw the first, and when both came at once both saw two. That takes no clock, and a store that lists what
        was written, as all do now. A claim of this host is a killed process's. ArchiveError when another host has one.
        """
        if self.store.is_local:
            yield
            return
        host = re.sub(r"[^A-Za-z0-9.-]", "-", platform.node()) or "unnamed"
        for name in self.store.all_names(_CLAIMS):
            if name.partition("~")[0] == host:
                self.store.remove(f"{_CLAIMS}/{name}")
        claim = f"{host}~{uuid.uuid4().hex}"
        self.store.write(f"{_CLAIMS}/{claim}", b"")
        try:
            others = [name for name in self.store.all_names(_CLAIMS) if name != claim]
            if others:
                raise ArchiveError(
                    f"{self._place(_CLAIMS)}: {', '.join(name.partition('~')[0] for name in others)} is delivering at "
                    "this moment: try again when it is done. Unless it was killed: then run it there again, or delete "
                    f"{', '.join(others)}"
                )
            yield
        finally:
            self.store.remove(f"{_CLAIMS}/{claim}")

    def witness(self) -> None:
        """Note which link is the last one."""
        links = self.links()
        if links:
            last = Previous(links[-1].manifest.number, links[-1].sha256)
            content = msgspec.json.encode(last)
            if self._lake.read(_WITNESS) != content:
                self._lake.write(_WITNESS, content)

    def add(self, manifest: Manifest, files: Mapping[str, bytes]) -> Link:
        """Make a link visible, whole. FileExistsError when its number has been taken."""
        folders = [name for name in self._folders() if _number(name) == manifest.number]
        if any(self.store.exists(f"{folder}/{MANIFEST}") for folder in folders):
            raise FileExistsError(self._place(folders[0]))
        for folder in folders:  # in an object store: what a killed process had written
            self.store.remove_folder(folder)
        content = manifests.encode(manifest)
        self.store.create_folder(manifest.folder, {**files, MANIFEST: content})
        self.witness()
        return Link(manifest.folder, sha256(content), manifest)

    def read(self, link: Link, name: str) -> bytes:
        """A file of a link; ArchiveError when it is not the one that was delivered."""
        content = self.store.read(f"{link.folder}/{name}")
        if content is None or sha256(content) != link.manifest.files[name].sha256:
            how = "is missing" if content is None else "was altered"
            raise ArchiveError(
                f"{self._place(link.folder)}/{name} {how}: `robaws-pipeline deliveries redo {link.manifest.number}` "
                "puts back what was delivered"
            )
        return content

    def problems(self) -> Iterator[str]:
        """Everything that is not as it was delivered: hashes, the chain, the sums."""
        found: list[Link] = []
        unfinished: list[str] = []
        for folder in self._folders():
            try:
                link = self._read(folder)
            except msgspec.DecodeError as error:
                yield f"{folder}/{MANIFEST} cannot be read: {error}"
                continue
            if link is None:
                unfinished.append(folder)
                continue
            found.append(link)
            yield from self._altered(link)
        found.sort(key=lambda link: link.manifest.number)
        last = found[-1].manifest.number if found else 0
        # After the last one it is what a killed process had uploaded to an object store: the next delivery clears it.
        yield from (
            f"{folder} has no {MANIFEST}: it was removed"
            for folder in unfinished
            if self.store.is_local or (_number(folder) <= last and self.store.all_names(folder))
        )
        yield from _series(found)
        yield from self._removed_at_the_end(found)
        for position, link in enumerate(found):
            stands = standing([other.manifest for other in found[: position + 1]]).documents.values()
            if manifests.totals(stands) != link.manifest.standing:
                yield f"{link.folder}: its totals are not the sum of the deliveries up to it"

    def _altered(self, link: Link) -> Iterator[str]:
        there = set(self.store.all_names(link.folder))
        known = {*link.manifest.files, MANIFEST}
        yield from (f"{link.folder}/{name} is missing" for name in sorted(known - there))
        yield from (f"{link.folder}/{name} is not part of the delivery" for name in sorted(there - known))
        for name, file in link.manifest.files.items():
            content = self.store.read(f"{link.folder}/{name}") if name in there else None
            if content is not None and File(sha256(content), len(content)) != file:
                yield f"{link.folder}/{name} was altered"


def _number(folder: str) -> int:
    return int(folder.partition("-")[0])


_WITNESS = "deliveries.json"
_CLAIMS = ".claims"
_REMEDY = (
    "Nothing was delivered. `robaws-pipeline deliveries verify` lists what is wrong; put the folders back from a backup"
)


def _series(links: list[Link]) -> Iterator[str]:
    """Where the links, in the order of their numbers, are no chain."""
    before: Link | None = None
    for link in links:
        manifest, number = link.manifest, link.manifest.number
        if link.folder != manifest.folder:
            yield f"{link.folder}: its manifest calls it {manifest.folder}"
        expected = 1 if before is None else before.manifest.number + 1
        if before is not None and number == before.manifest.number:
            yield f"two folders have number {number}: {before.folder} and {link.folder}"
        elif number != expected:
            yield f"number {expected} is missing" + (f" to {number - 1}" if number > expected + 1 else "")
        elif (manifest.previous is None) != (before is None) or (
            before is not None
            and manifest.previous is not None
            and manifest.previous != Previous(before.manifest.number, before.sha256)
        ):
            yield f"delivery {number} was made after another {number - 1} than the one that is there: it was altered"
        before = link
    targets = [link.manifest.withdraws for link in links if link.manifest.withdraws is not None]
    if len(withdrawn(link.manifest for link in links)) < len(targets):
        yield "a delivery was withdrawn twice"
