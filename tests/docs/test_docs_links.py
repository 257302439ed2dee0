"""Links and pictures of the documentation."""

import re
from pathlib import Path

import pytest
from markdown_files import MARKDOWN, ROOT, names, without_fences

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def _anchor(heading: str) -> str:
    """The anchor that GitHub gives to a heading."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def _anchors(page: Path) -> set[str]:
    text = without_fences(page.read_text(encoding="utf-8"))
    return {_anchor(heading) for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE)}


@pytest.mark.parametrize("page", MARKDOWN, ids=names(MARKDOWN))
def test_relative_links_lead_somewhere(page: Path) -> None:
    """A dead link is where a reader stops."""
    for link in LINK.findall(without_fences(page.read_text(encoding="utf-8"))):
        if link.startswith(("http://", "https://", "mailto:")):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert target.is_relative_to(ROOT), link
        if anchor:
            assert anchor in _anchors(target), link


def test_every_page_can_be_reached_from_the_readme() -> None:
    """A page that nothing leads to is not read."""
    reached: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in reached or page.suffix != ".md":
            continue
        reached.add(page)
        links = LINK.findall(without_fences(page.read_text(encoding="utf-8")))
        waiting += [(page.parent / link.partition("#")[0]).resolve() for link in links if "://" not in link]
    assert reached == set(MARKDOWN)


@pytest.mark.parametrize(("picture", "most"), [("demo.svg", 200_000), ("ui.png", 150_000)])
def test_pictures_are_small(picture: str, most: int) -> None:
    """The README is read on telephones too."""
    assert 0 < (ROOT / "docs" / picture).stat().st_size < most


def test_the_picture_of_the_demo_fetches_nothing() -> None:
    """Who looks at a README must not be seen by somebody else's server."""
    svg = (ROOT / "docs" / "demo.svg").read_text(encoding="utf-8")
    assert "@font-face" not in svg
    assert "@import" not in svg
    assert not re.search(r"""(href|src)=["'](?!#)""", svg)
    assert all(target.startswith("#") for target in re.findall(r"url\(([^)]*)\)", svg))
