"""One company with everything the steps need: settings, lake, exports."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from pathlib import Path

from robaws_pipeline import fields
from robaws_pipeline.lake import locks
from robaws_pipeline.lake.coverage import Coverage
from robaws_pipeline.lake.files import StoredFiles
from robaws_pipeline.lake.raw import RawLog, content_hash
from robaws_pipeline.lake.store import Store
from robaws_pipeline.lake.tables import Tables
from robaws_pipeline.lake.unmarked import Neutral, Unmarked
from robaws_pipeline.periods import later, months_between
from robaws_pipeline.robaws import decode_reference
from robaws_pipeline.robaws.client import RobawsClient
from robaws_pipeline.robaws.oauth import Integration, Tokens
from robaws_pipeline.settings import Company, Settings, SettingsError
from robaws_pipeline.steps.code import code_version

MONTHS_AHEAD = 1
"""Months after the current one that have a place in the books: invoices are dated ahead by a few days or weeks."""


@dataclass(frozen=True)
class Workspace:
    """One company of the settings and the folders that are its own."""

    key: str
    company: Company
    lake: Store
    exports: Store
    base: Path = field(default_factory=Path)
    """Folder that relative paths of the settings start from."""

    @classmethod
    def of(cls, settings: Settings, key: str) -> "Workspace":
        """The workspace of one company of the settings."""
        lake = Store.at(settings.data_dir, settings.base).child(key)
        return cls(
            key, settings.companies[key], lake, Store.at(settings.exports_dir, settings.base).child(key), settings.base
        )

    @cached_property
    def raw(self) -> RawLog:
        """The versions received from Robaws."""
        return RawLog(self.lake)

    @cached_property
    def unmarked(self) -> Unmarked:
        """The raw log as the books read it: marks that we set in Robaws are no change of a document."""
        mark = self.company.deliveries.mark
        if mark is None:
            return Unmarked(self.raw, None)
        others = self.company.extra_fields or bool(self.company.references.named)
        written = {
            collection.name: fields.keys(collection.resource, self.company.fields.get(collection.resource))[
                "updated_at"
            ]
            for collection in fields.DOCUMENTS
        }

        def strip(collection: str, json: bytes) -> bytes:
            return decode_reference.without_mark(json, written[collection], mark.field, others=others)

        key = content_hash(f"{code_version()}\n{mark.field}\n{others}\n{written}".encode())
        return Unmarked(self.raw, Neutral(key, strip))

    @cached_property
    def coverage(self) -> Coverage:
        """The moments up to which the raw log is complete."""
        return Coverage(self.lake)

    @cached_property
    def files(self) -> StoredFiles:
        """The files that Robaws keeps with documents."""
        return StoredFiles(self.lake)

    @cached_property
    def tables(self) -> Tables:
        """What was computed from the raw log."""
        return Tables(self.lake)

    def months(self, today: date | None = None) -> list[str]:
        """Every month of the books, from `start` to `MONTHS_AHEAD` after today's."""
        today = today or datetime.now(self.company.zone).date()
        return months_between(self.company.start, later(today.strftime("%Y-%m"), MONTHS_AHEAD))

    def client(self) -> RobawsClient:
        """A client for the company's credentials, which must be in the environment."""
        key, secret = self.company.credentials()
        tokens = Tokens(self.integration()) if self.company.oauth is not None else None
        return RobawsClient(
            self.company.base_url, key, secret, self.company.rate_limit, self.company.fields, tokens=tokens
        )

    def integration(self) -> Integration:
        """The company's marketplace integration; SettingsError when it has none."""
        oauth = self.company.oauth
        if oauth is None:
            raise SettingsError(
                f"companies.{self.key}",
                ["there is no oauth table: it reads Robaws with a key and a secret, and needs no authorisation"],
            )
        client_id, client_secret = self.company.credentials()
        file = self.lake.path("oauth.json") if oauth.token_file is None else oauth.token_file
        return Integration(
            self.company.base_url,
            client_id,
            client_secret,
            oauth.redirect_uri,
            self.base / Path(file).expanduser(),
            f"Somebody with rights in Robaws must agree (again): robaws-pipeline authorize --company {self.key}",
        )

    @contextmanager
    def only_user_of_the_credential(self) -> Iterator[None]:
        """Wait until no other process reads Robaws with this credential, and keep others waiting."""
        key, _ = self.company.credentials()
        if self.company.oauth is not None:
            key = f"{key} {self.key}"  # one integration serves many tenants, each with a bucket of its own
        # Beside all companies' data, since two companies may share a credential.
        shared = Store.at(str(Path(self.lake.path()).parent), Path()) if self.lake.is_local else self.lake
        with locks.hold(shared, f"robaws-{content_hash(f'{self.company.base_url} {key}'.encode())[:16]}"):
            yield

    @contextmanager
    def only_builder(self) -> Iterator[None]:
        """Wait until no other process writes this company's tables and exports, and keep others waiting."""
        with locks.hold(self.lake, "build"):
            self.exports.clear_replaced()
            yield
