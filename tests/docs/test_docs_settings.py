"""What the documentation says of robaws.toml is what the program accepts."""

import re
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from markdown_files import MARKDOWN, ROOT, fences, names
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from robaws_pipeline import settings
from robaws_pipeline.formats import registry

EXAMPLE = ROOT / "robaws.example.toml"
CONFIGURATION = ROOT / "docs" / "configuration.md"
MODELS: dict[str, type[BaseModel]] = {
    "## The whole file": settings.Settings,
    "## A company": settings.Company,
    "### `address`": settings.Address,
    "### `oauth`": settings.OAuth,
    "### `accounts`": settings.Accounts,
    "### `purchases`": settings.Purchases,
    "### `closed`": settings.Closing,
    "### `journals`": settings.Journals,
    "### `vat_tariffs`": settings.Tariff,
    "### `articles`": settings.Articles,
    "### `references`": settings.References,
    "### `rate_limit`": settings.RateLimit,
    "### `deliveries`": settings.Deliveries,
    "### `deliveries.mark`": settings.Mark,
}
OTHERWISE = {
    *((settings.Tariff, name) for name in ("exemption_reason", "nature", "deductible")),
    (settings.OAuth, "token_file"),
}
"""Settings of which another place has the default: the format's text of the treatment, what the account says, the
company's folder."""
COMMENTED_OUT = re.compile(r"^#(?=[^\s#])", re.MULTILINE)
REQUIRED = """
name = "Acme"
api_key_env = "KEY"
api_secret_env = "SECRET"
start = "2026-01"
vat_number = "BE0999000129"
address = { line = "Proefstraat 1", postal_code = "9000", city = "Gent" }
"""


def _example(*, everything: bool) -> settings.Settings:
    text = EXAMPLE.read_text(encoding="utf-8")
    if everything:
        text = COMMENTED_OUT.sub("", text)
        text = text[: text.index("[companies.acme.oauth]")]  # in place of the key and the secret, not beside them
    return settings.parse(text, "robaws.example.toml", ROOT)


@pytest.mark.parametrize("everything", [False, True], ids=["as it is", "all settings uncommented"])
def test_the_example_is_accepted(everything: bool) -> None:
    """It is what people copy; a mistake in it is the first thing they meet."""
    company = _example(everything=everything).companies["acme"]
    for format_ in registry.select(company):
        assert list(format_.missing_settings(company)) == []


def test_the_example_is_accepted_with_oauth_in_place_of_the_key() -> None:
    """The other kind of credentials, uncommented as its comment says."""
    text = COMMENTED_OUT.sub("", EXAMPLE.read_text(encoding="utf-8"))
    text = re.sub(r"^api_(key|secret)_env = .*$", "", text, flags=re.MULTILINE)
    company = settings.parse(text, "robaws.example.toml", ROOT).companies["acme"]
    assert company.credential_names == ("ROBAWS_CLIENT_ID", "ROBAWS_CLIENT_SECRET")


def test_the_example_shows_every_setting() -> None:
    """The error for an unknown key sends people there to look for the right one."""
    text = COMMENTED_OUT.sub("", EXAMPLE.read_text(encoding="utf-8"))
    raw = tomllib.loads(text)
    company = raw["companies"]["acme"]
    assert set(raw) == set(settings.Settings.model_fields)
    assert set(company) == set(settings.Company.model_fields)
    tables: dict[str, type[BaseModel]] = {
        "oauth": settings.OAuth,
        "accounts": settings.Accounts,
        "purchases": settings.Purchases,
        "journals": settings.Journals,
        "articles": settings.Articles,
        "rate_limit": settings.RateLimit,
    }
    for key, model in tables.items():
        assert set(company[key]) == set(model.model_fields)
    tariff_keys = {key for tariff in company["vat_tariffs"].values() for key in tariff}
    assert tariff_keys == set(settings.Tariff.model_fields)


def test_what_the_example_calls_a_default_is_one() -> None:
    """A line that is uncommented and left as it is changes nothing, unless its comment says that it is no default."""
    shown = _example(everything=True).companies["acme"]
    plain = settings.parse(f"[companies.acme]\n{REQUIRED}", "plain", ROOT).companies["acme"]
    assert shown.base_url == plain.base_url
    assert (shown.nightly_at, shown.timezone) == (plain.nightly_at, plain.timezone)
    assert (shown.journals, shown.rate_limit, shown.formats) == (plain.journals, plain.rate_limit, plain.formats)
    assert shown.purchases.nature == plain.purchases.nature
    no_default = {"default_sales", "default_purchases", "sales", "purchases", "renumber"}
    assert shown.accounts.model_dump(exclude=no_default) == plain.accounts.model_dump(exclude=no_default)


def _rows(heading: str) -> dict[str, list[str]]:
    """The first table with a default column under a heading: key → its other cells."""
    text = CONFIGURATION.read_text(encoding="utf-8")
    section = text[text.index(f"\n{heading}") :]
    table = section[section.index("| key | meaning | default | example |") :].split("\n\n")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]
    return {row[0].strip("`"): row[1:] for row in rows}


def _default(field: FieldInfo) -> Any:
    return field.get_default(call_default_factory=True)


def _written(value: Any) -> str:
    """A default as it is written in TOML."""
    if value is None or value == {}:
        return "none"
    if isinstance(value, dict):
        return "`{ " + ", ".join(f'"{key}" = "{item}"' for key, item in value.items()) + " }`"
    if isinstance(value, bool):
        return f"`{value}`".lower()
    if isinstance(value, str):
        return f'`"{value}"`'
    if isinstance(value, tuple):
        return "`[" + ", ".join(f'"{item}"' for item in value) + "]`"
    return f"`{Decimal(str(value)).normalize():f}`"


@pytest.mark.parametrize(("heading", "model"), MODELS.items(), ids=[model.__name__ for model in MODELS.values()])
def test_every_setting_is_explained_with_its_default(heading: str, model: type[BaseModel]) -> None:
    """A setting that is not explained is not used, and a wrong default is worse than none."""
    rows = _rows(heading)
    assert list(rows) == list(model.model_fields)
    for name, field in model.model_fields.items():
        meaning, default, _ = rows[name]
        assert meaning, name
        if field.is_required():
            assert default == "required", name
        elif isinstance(_default(field), BaseModel) or (
            model is settings.Company and isinstance(_default(field), dict)
        ):
            assert "see below" in meaning, name
        elif (model, name) not in OTHERWISE:
            assert default == _written(_default(field)), name


def test_every_treatment_is_explained() -> None:
    """A treatment that is misunderstood puts VAT in the wrong box of the return."""
    text = CONFIGURATION.read_text(encoding="utf-8")
    for treatment in settings.Treatment.__args__:  # type: ignore[attr-defined]
        assert re.search(rf"^\| `{treatment}` \| \w", text, re.MULTILINE), treatment


@pytest.mark.parametrize("page", MARKDOWN, ids=names(MARKDOWN))
def test_settings_in_the_documentation_are_accepted(page: Path) -> None:
    """A block that is copied into robaws.toml must work; a fragment must fit into a company."""
    for fence in fences(page.read_text(encoding="utf-8"), "toml"):
        raw = tomllib.loads(fence)
        if "project" in raw:  # pyproject.toml of somebody's format
            continue
        if "companies" not in raw:
            text = f"[companies.acme]\n{REQUIRED}{fence}"
        elif "name" not in raw["companies"]["acme"]:
            text = f"[companies.acme]\n{REQUIRED}\n{fence}"
        else:
            text = fence
        settings.parse(text, page.name, ROOT)
