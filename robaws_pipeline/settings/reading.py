"""How Robaws is asked, and for what."""

from typing import Annotated

from pydantic import Field

from robaws_pipeline.settings.model import ExtraField, Model


class RateLimit(Model):
    """What Robaws allows one credential."""

    per_second: Annotated[float, Field(gt=0)] = 15
    """Requests that the token bucket regains a second."""
    burst: Annotated[int, Field(ge=2)] = 20
    """Tokens in a full bucket."""
    concurrency: Annotated[int, Field(ge=1, le=64)] = 8
    """Requests under way at once."""
    daily_reserve: Annotated[int, Field(ge=0)] = 200
    """Requests of the daily quota that are left for others; below it a run stops and goes on the next day."""


class Articles(Model):
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


class References(Model):
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


class OAuth(Model):
    """A marketplace integration, which reads Robaws with OAuth2 instead of a key and a secret."""

    client_id_env: str
    client_secret_env: str
    redirect_uri: Annotated[str, Field(pattern=r"^https?://")]
    """As it is registered with Robaws. One at 127.0.0.1 is answered by ``robaws-pipeline authorize`` itself."""
    token_file: str | None = None
    """Where the tokens are kept; ``<data_dir>/<company>/oauth.json`` when left out. On a local disk."""
