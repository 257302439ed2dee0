"""What a person names and which files that means."""

import hashlib
import json
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from ubl_files import CREDIT_NOTE, INVOICE

from robaws_pipeline.validation.sources import NothingThereError, files


def _folder(root: Path) -> Path:
    (root / "ubl").mkdir(parents=True)
    (root / "ubl" / "F2.xml").write_bytes(INVOICE)
    (root / "ubl" / "C1.XML").write_bytes(CREDIT_NOTE)
    (root / "ubl" / ".F3.xml").write_bytes(b"half")
    (root / ".2026-10.tmp").mkdir()
    (root / ".2026-10.tmp" / "F4.xml").write_bytes(b"half")
    (root / "held.csv").write_bytes(b"a;b")
    return root


def test_folder_is_every_xml_below_it_in_order(tmp_path: Path) -> None:
    """What somebody is still writing, and what is no XML, are nobody's business."""
    root = _folder(tmp_path / "2026-10")
    found = files([root])
    assert [file.name for file in found] == [f"{root}/ubl/C1.XML", f"{root}/ubl/F2.xml"]
    assert found[1].read() == INVOICE


def test_zip_is_every_xml_in_it(tmp_path: Path) -> None:
    """The accountant has the zip, and no wish to unpack it."""
    with ZipFile(tmp_path / "2026-10.zip", "w", ZIP_DEFLATED) as archive:
        archive.writestr("ubl/F2.xml", INVOICE)
        archive.writestr("ubl/C1.xml", CREDIT_NOTE)
        archive.writestr("readme.txt", "x")
    found = files([tmp_path / "2026-10.zip"])
    assert [(file.name, file.read()) for file in found] == [
        (f"{tmp_path}/2026-10.zip/ubl/F2.xml", INVOICE),
        (f"{tmp_path}/2026-10.zip/ubl/C1.xml", CREDIT_NOTE),
    ]


def test_damaged_member_is_told_when_it_is_read(tmp_path: Path) -> None:
    """One damaged file in a zip must not hide the others."""
    path = tmp_path / "a.zip"
    with ZipFile(path, "w") as archive:
        archive.writestr("F2.xml", INVOICE)
        archive.writestr("F3.xml", INVOICE)
    path.write_bytes(path.read_bytes().replace(b"F260147", b"F260148", 1))
    first, second = files([path])
    with pytest.raises(ValueError, match="damaged"):
        first.read()
    assert second.read() == INVOICE


def test_file_named_twice_is_checked_once(tmp_path: Path) -> None:
    """A folder and a file of it, as shells complete them."""
    root = _folder(tmp_path / "2026-10")
    assert len(files([root, root / "ubl" / "F2.xml"])) == 2


def test_manifest_of_the_month_says_what_each_file_must_be(tmp_path: Path) -> None:
    """A file of a delivery is the one that was written, or it is not of that delivery."""
    root = _folder(tmp_path / "2026-10")
    sha256 = hashlib.sha256(INVOICE).hexdigest()
    (root / "manifest.json").write_text(json.dumps({"files": {"ubl/F2.xml": {"sha256": sha256, "bytes": 1}}}))
    assert [file.sha256 for file in files([root])] == [None, sha256]
    assert files([root / "ubl" / "F2.xml"])[0].sha256 == sha256


@pytest.mark.parametrize("manifest", ["[]", "{", '{"files": []}', '{"files": {"ubl/F2.xml": 7}}'])
def test_manifest_of_somebody_else_says_nothing(tmp_path: Path, manifest: str) -> None:
    """Many programs have a manifest.json."""
    root = _folder(tmp_path / "2026-10")
    (root / "manifest.json").write_text(manifest)
    assert [file.sha256 for file in files([root])] == [None, None]


def test_nothing_to_check_is_said(tmp_path: Path) -> None:
    """An empty check that passes is the worst of all answers."""
    (tmp_path / "empty").mkdir()
    with ZipFile(tmp_path / "empty" / "ubl.zip", "w") as archive:
        archive.writestr("readme.txt", "x")
    for path, said in (
        (tmp_path / "none.xml", "does not exist"),
        (tmp_path / "empty", "has no .xml file; it has ubl.zip: name the zip itself"),
        (tmp_path / "empty" / "ubl.zip", "has no .xml file in it"),
    ):
        with pytest.raises(NothingThereError, match=said):
            files([path])
