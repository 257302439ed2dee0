"""``robaws.toml``, validated.

Secrets are never in the file: it names the environment variables that hold them. `load` reports every problem at
once, each with its key, the value found and what to do.
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from string import Formatter
from typing import Annotated, Any, Literal, TypeVar
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails

from robaws_pipeline import fields as robaws_fields
from robaws_pipeline.fields import RESOURCES, Collection, Narrowing
from robaws_pipeline.reasons import Language

CONFIG_VARIABLE = "ROBAWS_PIPELINE_CONFIG"
DEFAULT_CONFIG = "robaws.toml"

Treatment = Literal[
    "standard",
    "reverse_charge",
    "intra_community_goods",
    "intra_community_services",
    "import_reverse_charge",
    "export",
    "exempt",
    "outside_scope",
    "margin_scheme",
]
"""What a VAT tariff means for the books."""

Nature = Literal["goods", "services", "investment"]
"""What was bought, as the VAT return tells it apart (grids 81, 82 and 83)."""

SELF_ASSESSED: frozenset[Treatment] = frozenset(
    {"reverse_charge", "intra_community_goods", "intra_community_services", "import_reverse_charge"}
)
"""On purchases, the VAT of these is due and deducted by ourselves."""


class SettingsError(Exception):
    """The settings cannot be used; the text lists every problem. Exit code 2."""

    def __init__(self, where: str, problems: list[str]) -> None:
        self.where = where
        self.problems = problems
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        super().__init__("\n".join([f"{where}: {count}", *(f"  - {problem}" for problem in problems)]))


def _month(value: object) -> object:
    if isinstance(value, str):
        try:
            date.fromisoformat(f"{value}-01")
        except ValueError:
            raise ValueError("write a month as YYYY-MM, for example 2025-01") from None
    return value


def _decimal(value: object) -> object:
    if isinstance(value, float):
        # tomllib is told to read decimals exactly; a float can only come from code.
        raise ValueError("give a rate as a decimal, not as a float")  # noqa: TRY004 - pydantic reports ValueError
    return value


def _zone(value: str) -> str:
    if value not in available_timezones():
        raise ValueError("not a time zone name; for Belgium write Europe/Brussels")
    return value


def _account(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Month = Annotated[str, BeforeValidator(_month), Field(pattern=r"^\d{4}-\d{2}$")]
"""An accounting month, YYYY-MM."""

Rate = Annotated[Decimal, BeforeValidator(_decimal), Field(ge=0, le=100, decimal_places=4)]
"""A percentage: 21 is twenty-one percent."""

Account = Annotated[str, BeforeValidator(_account), Field(pattern=r"^[0-9A-Za-z.\-]{1,20}$")]
"""A general ledger account number."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Tariff(_Model):
    """What one VAT tariff of Robaws means for the books."""

    treatment: Treatment
    rate: Rate = Decimal(0)
    """Percentage charged on the document."""
    self_assessed_rate: Rate | None = None
    """Purchases: percentage that we owe and deduct ourselves. Without it a purchase with this tariff is held."""
    nature: Nature | None = None
    """Purchases: what was bought, where the tariff says it; else the line's account does."""
    deductible: Rate | None = None
    """Purchases: percentage of the VAT that may be deducted, where the tariff says it; else the line's account does."""
    exemption_reason: str | None = None
    """Text on the invoice that says why no VAT is charged; a default for the treatment when left out."""

    exemption_code: Annotated[str, Field(pattern=r"^VATEX-[A-Z]{2}-[0-9A-Z-]+$")] | None = None
    """Code of the exemption (VATEX list of EN 16931) for treatments exempt and margin_scheme."""

    @model_validator(mode="after")
    def _rates_fit_the_treatment(self) -> "Tariff":
        if self.treatment != "standard" and self.rate:
            raise ValueError(f"treatment {self.treatment} charges no VAT: set rate = 0")
        if self.self_assessed_rate and self.treatment not in SELF_ASSESSED:
            raise ValueError(f"self_assessed_rate has no meaning for treatment {self.treatment}: leave it out")
        if self.exemption_code and self.treatment not in {"exempt", "margin_scheme"}:
            raise ValueError(f"the code of treatment {self.treatment} is fixed: leave exemption_code out")
        return self


def _tariffs() -> dict[str, Tariff]:
    standard = {str(rate): Tariff(treatment="standard", rate=Decimal(rate)) for rate in (21, 12, 6)}
    percent = {f"{rate}%": tariff for rate, tariff in standard.items()}
    spaced = {f"{rate} %": tariff for rate, tariff in standard.items()}
    verlegd = Tariff(treatment="reverse_charge", self_assessed_rate=Decimal(21))
    goods = Tariff(treatment="intra_community_goods", self_assessed_rate=Decimal(21))
    services = Tariff(treatment="intra_community_services", self_assessed_rate=Decimal(21))
    export = Tariff(treatment="export")
    exempt = Tariff(treatment="exempt")
    outside = Tariff(treatment="outside_scope")
    margin = Tariff(treatment="margin_scheme")
    names = {
        "verlegd": verlegd,
        "btw verlegd": verlegd,
        "medecontractant": verlegd,
        "cocontractant": verlegd,
        "autoliquidation": verlegd,
        "intracommunautaire levering": goods,
        "livraison intracommunautaire": goods,
        "ic goederen": goods,
        "ic diensten": services,
        "prestation intracommunautaire": services,
        "intracommunautaire dienst": services,
        "export": export,
        "uitvoer": export,
        "exportation": export,
        "vrijgesteld": exempt,
        "exonéré": exempt,
        "buiten btw": outside,
        "niet onderworpen": outside,
        "non soumis": outside,
        "marge": margin,
        "margeregeling": margin,
        "régime de la marge": margin,
    }
    return {**standard, **percent, **spaced, **names}


DEFAULT_TARIFFS: Mapping[str, Tariff] = _tariffs()
"""Tariff names that mean the same at every Belgian company, in lower case. `geen`, `0` and the like are not among
them: they mean different things at different companies, so a document that uses one is held until it is mapped."""


class Accounts(_Model):
    """General ledger accounts of the postings that no document line names, and other numbers for those it names."""

    customers: Account = "400000"
    suppliers: Account = "440000"
    vat_due: Account = "451000"
    vat_deductible: Account = "411000"
    self_assessed_due: Account = "451000"
    rounding: Account = "658000"
    default_sales: Account | None = None
    """For sales lines without an account; when not set, the document is held."""
    default_purchases: Account | None = None
    """For purchase lines without an account; when not set, the document is held."""
    sales: dict[Treatment, Account] = Field(default_factory=dict)
    """For sales lines without an account, by VAT treatment; goes before `default_sales`."""
    purchases: dict[Treatment, Account] = Field(default_factory=dict)
    """For purchase lines without an account, by VAT treatment; goes before `default_purchases`."""
    of_articles: bool = False
    """Whether a line without an account gets that of its article in Robaws, before any other; they must be read."""
    of_parties: bool = False
    """Whether a line without an account gets that of its customer or supplier in Robaws, before any default. Off,
    since Robaws does not say whether it is meant for lines or for what is owed."""
    renumber: dict[str, Account] = Field(default_factory=dict)
    """The accountant's number for an account of Robaws, by Robaws's code."""


class Purchases(_Model):
    """What the account of a purchase line says for VAT. Keys are account numbers or their first digits; the longest
    that fits counts."""

    nature: dict[str, Nature] = Field(default_factory=lambda: dict(_NATURES))
    """What was bought; services and other goods when no key fits."""
    deductible: dict[str, Rate] = Field(default_factory=dict)
    """Percentage of the VAT that may be deducted; the rest is cost, on the line's own account. 100 when no key fits."""


_NATURES: Mapping[str, Nature] = {"60": "goods", "61": "services", "2": "investment"}
"""The classes of the Belgian chart of accounts."""


class Journals(_Model):
    """Journal codes by kind and type."""

    sales: str = "VK"
    sales_credit_notes: str = "VKC"
    purchases: str = "AK"
    purchase_credit_notes: str = "AKC"


class Closing(_Model):
    """A moment at which the accountant closed a period."""

    until: Month
    """The last closed month."""
    on: date
    """The day it was closed: what was made in Robaws later came too late for it."""


class Address(_Model):
    """The company's own address, as it stands on its invoices."""

    line: str
    line_2: str | None = None
    postal_code: str
    city: str
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] = "BE"


class RateLimit(_Model):
    """What Robaws allows one credential."""

    per_second: Annotated[float, Field(gt=0)] = 15
    """Requests that the token bucket regains a second."""
    burst: Annotated[int, Field(ge=2)] = 20
    """Tokens in a full bucket."""
    concurrency: Annotated[int, Field(ge=1, le=64)] = 8
    """Requests under way at once."""
    daily_reserve: Annotated[int, Field(ge=0)] = 200
    """Requests of the daily quota that are left for others; below it a run stops and goes on the next day."""


ExtraField = Annotated[str, Field(min_length=1)] | None


class Articles(_Model):
    """Which articles are read. A tenant can have 100,000, and a day 10,000 requests of 100 each for everything."""

    read: bool | None = None
    """Whether articles are read at all. When left out: only when they are narrowed to a group or an extra field."""
    group: Annotated[str, Field(min_length=1)] | None = None
    """Only articles of this group."""
    extra_field: Annotated[str, Field(min_length=1)] | None = None
    """Only articles of which this extra field, a checkbox, is true."""

    @property
    def wanted(self) -> bool:
        """Whether articles are read."""
        narrowed = self.group is not None or self.extra_field is not None
        return narrowed if self.read is None else self.read


class References(_Model):
    """Extra fields of invoices, by their names in Robaws, that say what it has no field for; `schema.REFERENCES`."""

    order_reference: ExtraField = None
    """The buyer's order number."""
    contract_reference: ExtraField = None
    """Number of the contract or tender."""
    project_reference: ExtraField = None
    """Number or name of the project or site."""
    delivered: ExtraField = None
    """Day of delivery or completion, a date."""
    period_from: ExtraField = None
    """First day of the period that is invoiced, a date."""
    period_to: ExtraField = None
    """Its last day."""
    credited: ExtraField = None
    """Of credit notes: the numbers of the invoices that they credit, with commas between them."""

    @property
    def named(self) -> dict[str, str]:
        """Column of `documents` → extra field."""
        return {column: name for column, name in self if name is not None}


class OAuth(_Model):
    """A marketplace integration, which reads Robaws with OAuth2 instead of a key and a secret."""

    client_id_env: str
    client_secret_env: str
    redirect_uri: Annotated[str, Field(pattern=r"^https?://")]
    """As it is registered with Robaws. One at 127.0.0.1 is answered by ``robaws-pipeline authorize`` itself."""
    token_file: str | None = None
    """Where the tokens are kept; ``<data_dir>/<company>/oauth.json`` when left out. On a local disk."""


MARK_TEXT = ("number", "date", "year", "company")
"""What stands between braces in the text of a mark."""


def _mark_text(text: str) -> str:
    try:
        parts = list(Formatter().parse(text))
    except ValueError as error:
        raise ValueError(f"{error}; write a brace that is meant twice: {{{{ or }}}}") from None
    for _, name, spec, conversion in parts:
        if name is not None and (name not in MARK_TEXT or spec or conversion):
            raise ValueError(f"there is no {{{name}}}, only {', '.join(f'{{{known}}}' for known in MARK_TEXT)}")
    if not text.strip():
        raise ValueError("it is empty, which is no mark")
    return text


class Mark(_Model):
    """What is written to Robaws about a delivered document."""

    field: Annotated[str, Field(min_length=1)]
    """The extra field of invoices, by its name in Robaws; it must be there already, and be nobody else's."""
    kind: Literal["checkbox", "date", "text"] = "checkbox"
    """What the field is in Robaws: ticked, filled with the delivery's date, or with `text`."""
    text: Annotated[str, AfterValidator(_mark_text)] = "{year}-{number}"
    """Of a text field: {number} of the delivery in four digits, {date} and {year} of it, {company}, its key."""
    collections: Annotated[tuple[Literal["sales", "purchases"], ...], Field(min_length=1)] = ("sales", "purchases")
    """Which documents are marked."""


class Deliveries(_Model):
    """How documents are handed to the accountant, each once, and what happens to those that change afterwards."""

    changes: Literal["report", "reverse"] = "report"
    """`report`: a later change is listed, for correction by hand. `reverse`: the files take the old entry back and book
    the new one."""
    formats: tuple[str, ...] | None = None
    """Which of the company's formats; when left out, all that are made of documents."""
    schedule: Literal["off", "nightly", "weekly", "monthly"] = "off"
    """When a delivery is made by itself. `monthly`: all documents dated up to the end of the month before."""
    at: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] = "06:00"
    """Local time of a weekly or monthly delivery, HH:MM."""
    weekday: Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] = "monday"
    day: Annotated[int, Field(ge=1, le=28)] = 5
    """Of the month, for a monthly delivery."""
    most_corrections: Annotated[int, Field(ge=0)] = 100
    """How many delivered documents one delivery may correct or take out without being told to: more are a changed
    setting rather than the work of people."""
    contact: str | None = None
    """Whom the accountant asks, on the cover sheet; `email` when left out."""
    notify_command: tuple[str, ...] = ()
    """Program and arguments, run when a delivery is ready or documents are held; what happened comes as JSON on its
    standard input."""
    notify_url: Annotated[str, Field(pattern=r"^https?://")] | None = None
    """Address that the same JSON is sent to."""
    mark: Mark | None = None
    """How delivered documents are marked in Robaws; nothing is written there when left out."""


class FormatSettings(_Model):
    """Base of the settings that a format has of its own, ``[companies.<key>.format.<name>]``; formats subclass it."""


F = TypeVar("F", bound=FormatSettings)


class Company(_Model):
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
        return _validated(f"format.{name}", self.format.get(name, {}), model)

    def of_template(self, name: str, model: type[F]) -> F:
        """A format that the user describes, validated by the model of layouts; SettingsError lists every problem."""
        return _validated(f"templates.{name}", self.templates[name], model)

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


class Settings(_Model):
    """The whole of ``robaws.toml``."""

    data_dir: str = "data"
    """Raw log, tables and warehouse: a local path or an object-store URL."""
    exports_dir: str = "exports"
    """The files that accountants download: a local path or an object-store URL."""
    companies: Annotated[dict[str, Company], Field(min_length=1)]

    @model_validator(mode="after")
    def _company_keys_name_folders(self) -> "Settings":
        for key in self.companies:
            if not key.isascii() or not key.replace("_", "").isalnum() or key != key.lower():
                raise ValueError(f"companies.{key}: a company's key names folders: use a-z, 0-9 and _ only")
        return self

    @model_validator(mode="after")
    def _tokens_are_on_a_disk(self) -> "Settings":
        for key, company in self.companies.items():
            if company.oauth is not None and company.oauth.token_file is None and "://" in self.data_dir:
                raise ValueError(
                    f"companies.{key}.oauth.token_file is missing: tokens need a local file, and data_dir is none"
                )
        return self

    @cached_property
    def base(self) -> Path:
        """Folder that relative paths start from; set by `load` to the settings file's own."""
        return Path.cwd()


def _problem(error: ErrorDetails, *where: str) -> str:
    key = ".".join(str(part) for part in (*where, *error["loc"])) or "robaws.toml"
    message = str(error["msg"]).removeprefix("Value error, ")
    if error["type"] == "missing":
        return f"{key} is missing: add it (robaws.example.toml shows how)"
    if error["type"] == "extra_forbidden":
        return f"{key} is not a setting: remove it or correct its spelling (robaws.example.toml lists them)"
    shown = "" if isinstance(error["input"], dict | BaseModel) else f" = {error['input']!r}"
    return f"{key}{shown}: {message}"


def _validated(where: str, table: dict[str, Any], model: type[F]) -> F:
    try:
        return model.model_validate(table)
    except ValidationError as error:
        raise SettingsError(where, [_problem(item, where) for item in error.errors()]) from None


def parse(text: str, where: str, base: Path) -> Settings:
    """Settings from TOML text; relative folders start from `base`."""
    try:
        raw = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(where, [f"not valid TOML: {error}"]) from None
    try:
        settings = Settings.model_validate(raw)
    except ValidationError as error:
        raise SettingsError(where, [_problem(item) for item in error.errors()]) from None
    settings.__dict__["base"] = base
    return settings


def config_path(explicit: str | Path | None = None) -> Path:
    """Where the settings are: the given path, else the environment variable's, else ./robaws.toml."""
    return Path(explicit or os.environ.get(CONFIG_VARIABLE) or DEFAULT_CONFIG)


def load(path: str | Path | None = None) -> Settings:
    """Read and validate the settings file; SettingsError lists every problem."""
    file = config_path(path)
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise SettingsError(
            str(file),
            ["no such file: copy robaws.example.toml to robaws.toml and fill it in, or name yours with --config"],
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(str(file), [f"cannot be read: {error}"]) from None
    return parse(text, str(file), file.resolve().parent)
