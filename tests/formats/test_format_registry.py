"""Which formats there are, and what is said when one cannot be used. Real installed packages, made for the test."""

from collections.abc import Callable
from pathlib import Path

import pytest

from robaws_pipeline.formats import registry
from robaws_pipeline.formats.journal import JournalFormat
from robaws_pipeline.formats.samples import COMPANY
from robaws_pipeline.settings import SettingsError

Install = Callable[..., None]

MODULE = """
class Listing:
    name = {name!r}
    title = "A list"
    def missing_settings(self, company): return iter(())
    def export(self, books): raise NotImplementedError
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Puts a package with one format where Python finds installed packages."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def put(package: str, entry: str, name: str | None = None, source: str = MODULE) -> None:
        metadata = tmp_path / f"{package}-1.0.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        (metadata / "entry_points.txt").write_text(f"[{registry.GROUP}]\n{entry} = {package}:Listing\n")
        (tmp_path / f"{package}.py").write_text(source.format(name=name or entry))

    return put


def test_our_own_formats_are_installed() -> None:
    """The metadata of this project must name what the settings may name."""
    assert {"journal", "ubl"} <= set(registry.available())
    assert isinstance(registry.get("journal"), JournalFormat)


def test_another_packages_format_is_found(install: Install) -> None:
    """Adding a format touches nothing of ours."""
    install("some_listing", "listing")
    assert "listing" in registry.available()
    assert registry.get("listing").title == "A list"
    assert [format_.name for format_ in registry.select(COMPANY, "listing", "journal", "listing")] == [
        "listing",
        "journal",
    ]


def test_unknown_names_are_all_reported_with_what_there_is() -> None:
    """One look at the message must be enough to correct the settings."""
    with pytest.raises(SettingsError) as caught:
        registry.select(COMPANY, "journal", "winboks", "ubll", where="companies.acme.formats")
    message = str(caught.value)
    assert message.startswith("companies.acme.formats: 2 problems")
    assert "'winboks' is not a format" in message
    assert "'ubll' is not a format" in message
    assert ", ".join(registry.available()) in message


def test_two_packages_with_one_name_are_reported_not_chosen(install: Install) -> None:
    """Which of the two wrote the accountant's files must never depend on the order of installation."""
    install("first_listing", "listing")
    install("second_listing", "listing")
    with pytest.raises(SettingsError, match=r"package first-?_?listing and .*second_listing"):
        registry.get("listing")
    assert [problem for problem in registry.problems() if "'listing' is the name of several formats" in problem]


def test_a_package_that_does_not_load_is_named_and_leaves_others_usable(install: Install) -> None:
    """Somebody's broken plug-in must not stop the journal."""
    install("broken_listing", "listing", source="import no_such_module_anywhere\n")
    with pytest.raises(SettingsError, match=r"package broken_listing.*cannot be loaded.*no_such_module_anywhere"):
        registry.get("listing")
    assert registry.get("journal").name == "journal"


@pytest.mark.parametrize(
    ("entry", "name", "message"),
    [
        ("listing", "other", "calls itself 'other'"),
        ("Listing-2", None, "is no name for a folder"),
    ],
)
def test_names_that_would_confuse_folders_are_refused(
    install: Install, entry: str, name: str | None, message: str
) -> None:
    """The name in the settings, the folder and the manifest's key are one and the same."""
    install("odd_listing", entry, name)
    with pytest.raises(SettingsError, match=message):
        registry.get(entry)


WITH_SETTINGS = """
from robaws_pipeline.settings import FormatSettings
class Own(FormatSettings):
    width: int = 8
class Listing:
    name = {name!r}
    title = "A list"
    Settings = Own
    def missing_settings(self, company):
        if company.of_format(self.name, Own).width > 20: yield "width is more than a page: make it 20 or less"
    def export(self, books): raise NotImplementedError
"""


@pytest.mark.parametrize(
    ("tables", "problems"),
    [
        ({}, []),
        ({"listing": {"width": "9"}}, []),
        ({"listing": {"width": 30}}, ["format listing: width is more than a page: make it 20 or less"]),
        (
            {"listing": {"width": "wide", "hight": 2}},
            [
                "format.listing.width = 'wide': Input should be a valid integer, unable to parse string as an integer",
                "format.listing.hight is not a setting: remove it or correct its spelling",
            ],
        ),
        ({"journal": {"separator": ","}}, ["format.journal.separator is not a setting"]),
        ({"listng": {}}, ["format.listng: there is no format of this name; there are "]),
    ],
)
def test_settings_of_a_format_are_checked_before_anything_runs(
    install: Install, tables: dict[str, dict[str, object]], problems: list[str]
) -> None:
    """A key that nobody reads must not look as if it worked."""
    install("settled_listing", "listing", source=WITH_SETTINGS)
    company = COMPANY.model_copy(update={"formats": ("listing", "journal"), "format": tables})
    found = list(registry.settings_problems(company))
    assert len(found) == len(problems)
    assert all(text.startswith(start) for text, start in zip(found, problems, strict=True))
