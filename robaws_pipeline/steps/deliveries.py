"""Questions about deliveries, and making one again."""

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from robaws_pipeline.deliveries import make
from robaws_pipeline.deliveries.archive import MANIFEST, Archive, Link, sha256
from robaws_pipeline.deliveries.cover import FILE, cover
from robaws_pipeline.deliveries.kept import FOLDER, SETTINGS, Kept, settings_in
from robaws_pipeline.deliveries.manifest import Manifest
from robaws_pipeline.deliveries.standing import withdrawn
from robaws_pipeline.formats import registry
from robaws_pipeline.lake.store import writing
from robaws_pipeline.steps.code import code_version
from robaws_pipeline.steps.deliver import DeliveryError, archive_of, only_deliverer
from robaws_pipeline.steps.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Listed:
    """A delivery or a withdrawal, and what became of it."""

    manifest: Manifest
    folder: str
    withdrawn: bool


def listed(workspace: Workspace) -> list[Listed]:
    """All of them in order; ArchiveError when the series is broken."""
    links = archive_of(workspace).links()
    gone = withdrawn(link.manifest for link in links)
    return [
        Listed(link.manifest, workspace.exports.path(f"deliveries/{link.folder}"), link.manifest.number in gone)
        for link in links
    ]


def find(workspace: Workspace, number: int) -> Listed:
    """One of them; DeliveryError when there is none of this number."""
    return _numbered(workspace, number, listed(workspace))


def _numbered(workspace: Workspace, number: int, found: Sequence[Listed]) -> Listed:
    if not 1 <= number <= len(found):
        which = f"there are 1 to {len(found)}" if found else "there is none yet: make one with robaws-pipeline deliver"
        raise DeliveryError(f"{workspace.key} has no delivery {number}: {which}")
    return found[number - 1]


def verify_deliveries(workspace: Workspace) -> list[str]:
    """Everything that is not as it was delivered: altered, missing or strange files, the chain, the sums."""
    return list(archive_of(workspace).problems())


@dataclass(frozen=True, slots=True)
class Redone:
    """The files of a delivery, all as they were delivered, and which of them were not in its folder."""

    folder: str
    mended: Sequence[str]


def redo(workspace: Workspace, number: int, to: Path | None = None) -> Redone:
    """Make a delivery again, byte by byte: into the folder `to`, which must not be there, or (None) put back what is
    missing or altered in its own. DeliveryError when a file cannot be made as it was.

    Its files are made from the rows that it keeps. Where those are gone, or this version of the program writes another
    file, the zip of the delivery has them.
    """
    archive = archive_of(workspace)
    with only_deliverer(workspace):
        links = archive.links()
        _numbered(workspace, number, listed(workspace))
        link = links[number - 1]
        good = _as_delivered(archive, link)
        if to is not None:
            if to.exists():
                raise DeliveryError(f"{to} is there already: name a folder that is not")
            for name, content in {**good, MANIFEST: archive.store.read(f"{link.folder}/{MANIFEST}") or b""}.items():
                with writing(to / name):
                    (to / name).parent.mkdir(parents=True, exist_ok=True)
                    (to / name).write_bytes(content)
            return Redone(str(to), [])
        mended = [name for name, content in good.items() if archive.store.read(f"{link.folder}/{name}") != content]
        for name in mended:
            archive.store.write(f"{link.folder}/{name}", good[name])
    return Redone(workspace.exports.path(f"deliveries/{link.folder}"), mended)


def _as_delivered(archive: Archive, link: Link) -> dict[str, bytes]:
    """Every file of a delivery, with the hash that its manifest names."""
    wanted = link.manifest.files
    there = {name: archive.store.read(f"{link.folder}/{name}") or b"" for name in wanted if _is_kept(name, link)}
    found = [_made(there, link), _unpacked(archive, link), there]
    good = {
        name: content
        for source in reversed(found)
        for name, content in source.items()
        if name in wanted and sha256(content) == wanted[name].sha256
    }
    for name in wanted.keys() - good.keys():
        content = archive.store.read(f"{link.folder}/{name}") or b""
        if sha256(content) == wanted[name].sha256:
            good[name] = content
    lacking = sorted(wanted.keys() - good.keys())
    if lacking:
        other = "" if link.manifest.code == code_version() else " It was made by another version of this program."
        raise DeliveryError(
            f"delivery {link.manifest.number} cannot be made as it was: {', '.join(lacking)}.{other} Put the folder "
            f"{link.folder} back from a backup"
        )
    return {name: good[name] for name in wanted}


def _is_kept(name: str, link: Link) -> bool:
    return name.startswith(f"{FOLDER}/") and name in link.manifest.files


def _made(there: dict[str, bytes], link: Link) -> dict[str, bytes]:
    """The files made anew from what the delivery keeps, with today's program; none when that is not whole."""
    manifest = link.manifest
    if any(sha256(content) != manifest.files[name].sha256 for name, content in there.items()):
        return {}
    try:
        if manifest.kind == "withdrawal":
            return {FILE: cover(manifest, settings_in(there[SETTINGS]))}
        kept = Kept.read(lambda name: there[name], manifest.files)
        return make.made_again(manifest, kept, registry.select(kept.company, *manifest.formats))
    except Exception:  # another version of the program, of a format, or none of it: the hashes decide what is good
        return {}


def _unpacked(archive: Archive, link: Link) -> dict[str, bytes]:
    """The files in the delivery's zip, when it is the one that was delivered."""
    for name, file in link.manifest.files.items():
        if name.endswith(".zip") and "/" not in name:
            content = archive.store.read(f"{link.folder}/{name}")
            if content is not None and sha256(content) == file.sha256:
                with zipfile.ZipFile(io.BytesIO(content)) as packed:
                    return {inner: packed.read(inner) for inner in packed.namelist()}
    return {}
