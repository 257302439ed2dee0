"""Which formats there are: entry points of the group ``robaws_pipeline.formats``, ours and third parties' alike."""

from collections.abc import Iterable, Iterator
from importlib.metadata import EntryPoint, entry_points

from robaws_pipeline.formats.base import Format
from robaws_pipeline.formats.contract import NAME
from robaws_pipeline.settings import Company, FormatSettings, SettingsError

GROUP = "robaws_pipeline.formats"


def _found() -> dict[str, list[EntryPoint]]:
    """Entry points by name. The same class installed twice (an editable install beside another) counts once."""
    found: dict[str, dict[str, EntryPoint]] = {}
    for entry in entry_points(group=GROUP):
        found.setdefault(entry.name, {}).setdefault(entry.value, entry)
    return {name: list(entries.values()) for name, entries in sorted(found.items())}


def _origin(entry: EntryPoint) -> str:
    distribution = "an unnamed package" if entry.dist is None else f"package {entry.dist.name}"
    return f"{entry.value} of {distribution}"


def _resolve(name: str, found: dict[str, list[EntryPoint]]) -> Format | str:
    """The format, or in words why it cannot be used."""
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


def available() -> list[str]:
    """Names of all installed formats, sorted; nothing is imported."""
    return list(_found())


def problems() -> Iterator[str]:
    """What is wrong with the installed formats, used or not: names that clash, modules that do not load."""
    found = _found()
    for name in found:
        outcome = _resolve(name, found)
        if isinstance(outcome, str):
            yield outcome


def select(names: Iterable[str], where: str = "formats") -> list[Format]:
    """The formats of these names, in order, each once. SettingsError lists every name that cannot be used."""
    found = _found()
    outcomes = [_resolve(name, found) for name in dict.fromkeys(names)]
    wrong = [outcome for outcome in outcomes if isinstance(outcome, str)]
    if wrong:
        raise SettingsError(where, wrong)
    return [outcome for outcome in outcomes if not isinstance(outcome, str)]


def settings_problems(company: Company) -> Iterator[str]:
    """What the settings of a company's formats lack or have too much, each with the format's name and the remedy."""
    try:
        formats = select(company.formats)
    except SettingsError as error:
        yield from (f"formats: {problem}" for problem in error.problems)
        return
    for format_ in formats:
        try:
            company.of_format(format_.name, getattr(format_, "Settings", FormatSettings))
        except SettingsError as error:
            yield from error.problems
        else:
            yield from (f"format {format_.name}: {missing}" for missing in format_.missing_settings(company))
    for name in sorted(set(company.format) - set(_found())):
        yield f"format.{name}: there is no format of this name; there are {', '.join(_found())}"


def get(name: str) -> Format:
    """The format of this name; SettingsError says which there are, or why it cannot be loaded."""
    return select([name])[0]
