"""One company: the whole of ``[companies.<key>]``."""

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal, TypeVar
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, Field, SecretStr, model_validator

from robaws_pipeline import fields as robaws_fields
from robaws_pipeline.fields import RESOURCES, Collection, Narrowing
from robaws_pipeline.reasons import Language
from robaws_pipeline.settings.bookkeeping import Accounts, Address, Closing, Journals, Purchases
from robaws_pipeline.settings.deliveries import Deliveries
from robaws_pipeline.settings.model import Model, Month, SettingsError, validated
from robaws_pipeline.settings.reading import Articles, OAuth, RateLimit, References
from robaws_pipeline.settings.tariffs import DEFAULT_TARIFFS, Tariff


class FormatSettings(Model):
    """Base of the settings that a format has of its own, ``[companies.<key>.format.<name>]``; formats subclass it."""


F = TypeVar("F", bound=FormatSettings)


def _zone(value: str) -> str:
    if value not in available_timezones():
        raise ValueError("not a time zone name; for Belgium write Europe/Brussels")
    return value


class Company(Model):
    """One Robaws tenant: credentials, books and files."""

    name: str
    base_url: Annotated[str, Field(pattern=r"^https?://")] = "https://app.robaws.com/api/v2"
    api_key_env: str | None = None
    api_secret_env: str | None = None
    oauth: OAuth | None = None
    """Instead of `api_key_env` and `api_secret_env`."""
    start: Month
    """First month of the books."""
    book_year_begins: Annotated[int, Field(ge=1, le=12)] = 1
    """Number of the month that a book year begins with."""
    vat_period: Literal["month", "quarter"] = "month"
    """How often the company files its VAT return."""
    language: Language = "en"
    """Of reasons, and of what is written for people. English when left out, as before there was a choice: whether a
    Belgian company reads Dutch or French cannot be guessed."""
    formats: tuple[str, ...] = ("journal", "ubl")
    format: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """Settings of single formats, by format name; each format says which it has (see `of_format`)."""
    templates: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """Formats that the user describes, by name; `formats.template` says how (see `of_template`)."""
    vat_number: str
    address: Address
    iban: str | None = None
    bic: str | None = None
    email: str | None = None
    timezone: Annotated[str, AfterValidator(_zone)] = "Europe/Brussels"
    nightly_at: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] = "02:00"
    """Local time of the nightly run, HH:MM."""
    accounts: Accounts = Accounts()
    journals: Journals = Journals()
    purchases: Purchases = Purchases()
    closed: tuple[Closing, ...] = ()
    """Each closing of a period; a document belongs to what was open when it was made."""
    late_documents: Literal["hold", "book"] = "hold"
    """What becomes of a document that came after its period was closed: held, or booked on the first open day."""
    vat_tariffs: dict[str, Tariff] = Field(default_factory=dict)
    """By tariff id or by name (any case); goes before the defaults."""
    fields: dict[str, dict[str, str]] = Field(default_factory=dict)
    """Other spellings of Robaws's keys, by resource (see `robaws_pipeline.fields`)."""
    articles: Articles = Articles()
    extra_fields: bool = False
    """Whether documents, parties and articles are read with their extra fields."""
    references: References = References()
    pdfs: tuple[Literal["sales", "purchases"], ...] = ()
    """Collections of which the files that Robaws keeps with documents are fetched, each once; a request a document."""
    rate_limit: RateLimit = RateLimit()
    deliveries: Deliveries = Deliveries()

    @model_validator(mode="after")
    def _deliveries_are_of_the_formats(self) -> "Company":
        unknown = sorted(set(self.deliveries.formats or ()) - set(self.formats))
        if unknown:
            raise ValueError(f"deliveries.formats: {', '.join(unknown)} not among the company's formats; add it there")
        return self

    @model_validator(mode="after")
    def _a_mark_is_nobody_else_s(self) -> "Company":
        mark = self.deliveries.mark
        if mark is not None and mark.field in self.references.named.values():
            raise ValueError(
                f"deliveries.mark.field: references reads {mark.field!r} from invoices, and marks would write over it;"
                " make a field for them in Robaws"
            )
        return self

    @model_validator(mode="after")
    def _one_kind_of_credentials(self) -> "Company":
        basic = {"api_key_env": self.api_key_env, "api_secret_env": self.api_secret_env}
        missing = [name for name, value in basic.items() if value is None]
        if self.oauth is not None and len(missing) < len(basic):
            raise ValueError("api_key_env and api_secret_env have no meaning beside oauth: keep one of the two kinds")
        if self.oauth is None and missing:
            raise ValueError(
                f"{' and '.join(missing)} missing: add {'them' if len(missing) > 1 else 'it'}, or an oauth table for a"
                " marketplace integration (robaws.example.toml shows how)"
            )
        return self

    @model_validator(mode="after")
    def _articles_are_there_to_be_asked(self) -> "Company":
        if self.accounts.of_articles and not self.articles.wanted:
            raise ValueError("accounts.of_articles needs the articles: set articles.read = true, or a group of them")
        return self

    @property
    def credential_names(self) -> tuple[str, str]:
        """The environment variables of key and secret, or of client id and client secret."""
        if self.oauth is not None:
            return self.oauth.client_id_env, self.oauth.client_secret_env
        return str(self.api_key_env), str(self.api_secret_env)

    @model_validator(mode="after")
    def _overrides_name_known_fields(self) -> "Company":
        for resource, names in self.fields.items():
            if resource not in RESOURCES:
                raise ValueError(f"fields.{resource}: no such resource; there are {', '.join(RESOURCES)}")
            known = {field.name for field in RESOURCES[resource]}
            unknown = sorted(set(names) - known)
            if unknown:
                raise ValueError(
                    f"fields.{resource}: no field {', '.join(unknown)}; there are {', '.join(sorted(known))}"
                )
        return self

    def tariff(self, tariff_id: str | None, name: str | None) -> Tariff | None:
        """The meaning of a tariff: by id, then by name, then by the default names; None when nobody said."""
        mapped = {key.casefold().strip(): value for key, value in self.vat_tariffs.items()}
        if tariff_id is not None and tariff_id in self.vat_tariffs:
            return self.vat_tariffs[tariff_id]
        key = (name or "").casefold().strip()
        return mapped.get(key) or DEFAULT_TARIFFS.get(key)

    def of_format(self, name: str, model: type[F]) -> F:
        """The settings of one format, validated by the format's own model; SettingsError lists every problem."""
        return validated(f"format.{name}", self.format.get(name, {}), model)

    def of_template(self, name: str, model: type[F]) -> F:
        """A format that the user describes, validated by the model of layouts; SettingsError lists every problem."""
        return validated(f"templates.{name}", self.templates[name], model)

    def _asked(self, *collections: Collection) -> tuple[Collection, ...]:
        return tuple(replace(collection, with_extra_fields=self.extra_fields) for collection in collections)

    @property
    def document_collections(self) -> tuple[Collection, ...]:
        """Sales and purchases, as this company asks for them."""
        wanted = self.extra_fields or bool(self.references.named)
        marked = self.deliveries.mark.collections if self.deliveries.mark else ()
        return tuple(
            replace(collection, with_extra_fields=wanted or collection.name in marked)
            for collection in robaws_fields.DOCUMENTS
        )

    @property
    def reference_collections(self) -> tuple[Collection, ...]:
        """Parties, reference lists and, when they are wanted, articles, as this company asks for them."""
        narrowing = Narrowing(self.articles.group, self.articles.extra_field)
        articles = [replace(robaws_fields.ARTICLES, narrowing=narrowing)] if self.articles.wanted else []
        return (*self._asked(*robaws_fields.PARTIES), *robaws_fields.LISTS, *self._asked(*articles))

    @property
    def zone(self) -> ZoneInfo:
        """Time zone of the nightly run and of everything shown to people."""
        return ZoneInfo(self.timezone)

    def credentials(self, environment: Mapping[str, str] = os.environ) -> tuple[str, SecretStr]:
        """Key and secret, or client id and client secret, from the environment; SettingsError names what is missing."""
        key, secret = self.credential_names
        missing = [name for name in (key, secret) if not environment.get(name)]
        if missing:
            raise SettingsError(
                f"credentials of {self.name}",
                [f"environment variable {name} is not set: put the Robaws API key or secret in it" for name in missing],
            )
        return environment[key], SecretStr(environment[secret])
