"""Which formats there are: entry points of the group ``robaws_pipeline.formats``, ours and third parties' alike, and
the layouts that a company describes in its settings."""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points

from robaws_pipeline.formats.base import Format
from robaws_pipeline.formats.contract import NAME
from robaws_pipeline.settings import Company, FormatSettings, SettingsError

GROUP = "robaws_pipeline.formats"

_Found = dict[str, list[EntryPoint]]


def _found() -> _Found:
    """Entry points by name. The same class installed twice (an editable install beside another) counts once."""
    found: dict[str, dict[str, EntryPoint]] = {}
    for entry in entry_points(group=GROUP):
        found.setdefault(entry.name, {}).setdefault(entry.value, entry)
    return {name: list(entries.values()) for name, entries in sorted(found.items())}


def _origin(entry: EntryPoint) -> str:
    distribution = "an unnamed package" if entry.dist is None else f"package {entry.dist.name}"
    return f"{entry.value} of {distribution}"


def _resolve(name: str, found: _Found) -> Format | str:
    """The installed format, or in words why it cannot be used."""
    entries = found.get(name)
    if not entries:
        known = ", ".join(found) or "none: install robaws-pipeline with its metadata"
        return f"{name!r} is not a format: choose from {known}, or install the package that has it"
    if len(entries) > 1:
        origins = " and ".join(sorted(_origin(entry) for entry in entries))
        return f"{name!r} is the name of several formats: {origins}; uninstall all but one"
    if not NAME.fullmatch(name):
        return f"{name!r} ({_origin(entries[0])}) is no name for a folder: use a-z, 0-9 and _, a letter first"
    try:
        made = entries[0].load()()
    except Exception as error:
        # Whatever a third party's module does when imported must end in a sentence about that module.
        return f"{name!r} ({_origin(entries[0])}) cannot be loaded: {type(error).__name__}: {error}"
    if getattr(made, "name", None) != name:
        return (
            f"{name!r} ({_origin(entries[0])}) calls itself {getattr(made, 'name', None)!r}: "
            "entry point and attribute `name` must agree"
        )
    format_: Format = made
    return format_


def _template(name: str, company: Company, found: _Found) -> Format | list[str]:
    """The layout of this name, or everything that is wrong with it."""
    if name in found:
        origins = " and ".join(_origin(entry) for entry in found[name])
        return [f"templates.{name}: this is the name of an installed format ({origins}): give the layout another"]
    if not NAME.fullmatch(name):
        return [f"templates.{name}: no name for a folder: use a-z, 0-9 and _, a letter first"]
    # Like an installed format, it is imported by who uses it: Dagster imports this module for every run.
    from robaws_pipeline.formats.template import TemplateFormat  # noqa: PLC0415
    from robaws_pipeline.formats.template.layout import Layout  # noqa: PLC0415

    try:
        return TemplateFormat(name, company.of_template(name, Layout))
    except SettingsError as error:
        return error.problems


def _of_company(name: str, company: Company, found: _Found) -> Format | list[str]:
    if name in company.templates:
        return _template(name, company, found)
    outcome = _resolve(name, found)
    if isinstance(outcome, str):
        described = ", ".join(company.templates)
        return [outcome + (f", or from the layouts of this company: {described}" if described else "")]
    return outcome


def available() -> list[str]:
    """Names of all installed formats, sorted; nothing is imported."""
    return list(_found())


@dataclass(frozen=True, slots=True)
class Installed:
    """An installed format, as `robaws-pipeline formats` lists it."""

    name: str
    origin: str
    """Packages it comes from, with their versions."""
    title: str
    problem: str | None
    """Why it cannot be used, in words."""


def installed() -> Iterator[Installed]:
    """Every installed format, whether it can be used or not."""
    found = _found()
    for name, entries in found.items():
        packages = {f"{entry.dist.name} {entry.dist.version}" if entry.dist else "unnamed" for entry in entries}
        outcome = _resolve(name, found)
        problem = outcome if isinstance(outcome, str) else None
        title = "" if isinstance(outcome, str) else outcome.title
        yield Installed(name, ", ".join(sorted(packages)), title, problem)


def problems() -> Iterator[str]:
    """What is wrong with the installed formats, used or not: names that clash, modules that do not load."""
    yield from (one.problem for one in installed() if one.problem is not None)


def select(company: Company, *names: str, where: str = "formats") -> list[Format]:
    """The formats of a company: installed ones and its own layouts, in order, each once.

    Those of these names, else those that its settings choose. SettingsError lists every one that cannot be used.
    """
    found = _found()
    outcomes = [_of_company(name, company, found) for name in dict.fromkeys(names or company.formats)]
    wrong = [problem for outcome in outcomes if isinstance(outcome, list) for problem in outcome]
    if wrong:
        raise SettingsError(where, wrong)
    return [outcome for outcome in outcomes if not isinstance(outcome, list)]


def settings_problems(company: Company) -> Iterator[str]:
    """What the settings of a company's formats lack or have too much, each with the format's name and the remedy.

    Layouts are looked at whether `formats` names them or not: they are there to be tried.
    """
    found = _found()
    for name in dict.fromkeys([*company.formats, *company.templates]):
        yield from format_problems(name, company)
    for name in sorted(set(company.format) - set(found)):
        own = " (a layout has its settings in its own table)" if name in company.templates else ""
        yield f"format.{name}: there is no format of this name{own}; there are {', '.join(found)}"


def format_problems(name: str, company: Company) -> Iterator[str]:
    """What is wrong with one format of a company."""
    outcome = _of_company(name, company, _found())
    if isinstance(outcome, list):
        yield from outcome if name in company.templates else (f"formats: {problem}" for problem in outcome)
        return
    try:
        company.of_format(name, getattr(outcome, "Settings", FormatSettings))
    except SettingsError as error:
        yield from error.problems
    else:
        kind = "templates." if name in company.templates else "format "
        yield from (f"{kind}{name}: {missing}" for missing in outcome.missing_settings(company))


def get(name: str) -> Format:
    """The installed format of this name; SettingsError says which there are, or why it cannot be loaded."""
    outcome = _resolve(name, _found())
    if isinstance(outcome, str):
        raise SettingsError("formats", [outcome])
    return outcome
