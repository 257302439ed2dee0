"""What is not known for certain about Robaws: each reading behind a switch, the likelier one as the default."""

from dataclasses import dataclass, fields
from typing import Literal, get_args, get_origin, get_type_hints


@dataclass(frozen=True, slots=True)
class Switches:
    """How this Robaws behaves; ValueError names a value that a switch does not have."""

    envelope_size: Literal["items", "requested"] = "items"
    """`size` in the envelope: the number of items on this page, or the size that was asked for."""
    oversize_page: Literal["clamp", "reject"] = "clamp"
    """`size` above 100: served as 100, or refused with 400."""
    unknown_param: Literal["ignore", "reject"] = "ignore"
    """A parameter that the collection does not know."""
    unknown_include: Literal["reject", "ignore"] = "reject"
    bad_sort: Literal["reject", "ignore"] = "reject"
    """A sort by an unknown field, without a direction or with a wrong one; ignored means the default order."""
    bad_enum: Literal["reject", "ignore"] = "reject"
    """`type` with another value than INVOICE and CREDIT_NOTE; ignored means unfiltered."""
    body_429: Literal["empty", "json"] = "empty"
    extra_ratelimit_headers: bool = False
    """The burst capacity, replenish rate and requested tokens of Spring Cloud Gateway's limiter in each answer."""
    retry_after: bool = False
    """`Retry-After: 1` on a 429."""
    date_range: Literal["inclusive", "to_exclusive"] = "inclusive"
    """Whether a document dated `toDate` itself is in the range."""
    null_style: Literal["null", "omitted"] = "null"
    """An absent value: an explicit null, or no key."""
    id_style: Literal["strings", "numbers"] = "strings"
    """Ids and references to ids: JSON strings of digits, or numbers."""
    text_lines_in_adjusted: Literal["absent", "zero"] = "absent"
    """Text lines in the adjusted lines of a sales document: left out, or there with zero amounts."""
    list_unfiltered: Literal["both", "invoices"] = "both"
    """What a list without `type` holds."""
    drafts: Literal["listed", "hidden"] = "listed"
    """Documents without a number: in the lists, or only found by id."""
    credit_note_sign: Literal["positive", "negative"] = "positive"
    """Amounts of a credit note; the negative reading is one that an export has to notice."""
    patch_status: Literal["204", "200"] = "204"
    """What a PATCH is answered with: nothing, or the document as it then is."""
    other_body: Literal["replay", "reject"] = "replay"
    """An idempotency key that succeeded, come again with another path or body: the first answer again and nothing
    written, as Robaws's text has it to the letter, or 422."""
    refill: Literal["continuous", "second"] = "continuous"
    """The bucket regains tokens all the time, or a second's worth on each whole second, as Spring's limiter does."""
    rate_per_second: float | None = 15.0
    """Requests that the bucket of a credential regains a second; None: no limit."""
    burst: int = 20
    """Tokens in a full bucket."""
    daily_limit: int = 10_000
    """Requests a credential may make in a day (UTC)."""
    access_token_seconds: int = 3600
    """Seconds for which an OAuth2 access token is good."""
    latency_ms: int = 0
    """Milliseconds that a request and its answer are on the way, together, at least."""
    jitter_ms: int = 0
    """Up to so many milliseconds more, drawn anew for each request."""
    stall_percent: int = 0
    """Requests in a hundred, drawn too, that take `stall_ms` longer."""
    stall_ms: int = 1000

    def __post_init__(self) -> None:
        hints = get_type_hints(type(self))
        for field in fields(self):
            hint, value = hints[field.name], getattr(self, field.name)
            if get_origin(hint) is Literal and value not in get_args(hint):
                raise ValueError(f"switch {field.name} = {value!r}: it is one of {', '.join(get_args(hint))}")
        if self.rate_per_second is not None and self.rate_per_second <= 0:
            raise ValueError(f"switch rate_per_second = {self.rate_per_second}: above 0, or None for no limit")
        if self.burst < 1 or self.daily_limit < 0:
            raise ValueError("switches burst and daily_limit count requests: burst at least 1, daily_limit at least 0")
        if min(self.latency_ms, self.jitter_ms, self.stall_ms) < 0 or not 0 <= self.stall_percent <= 100:
            raise ValueError(
                "switches latency_ms, jitter_ms and stall_ms are milliseconds from 0, stall_percent is from 0 to 100"
            )


def parse(assignments: list[str]) -> dict[str, object]:
    """Arguments for `Switches` from texts like ``null_style=omitted``; ValueError names what is wrong."""
    hints = get_type_hints(Switches)
    values: dict[str, object] = {}
    for assignment in assignments:
        name, separator, text = assignment.partition("=")
        if not separator or name not in hints:
            raise ValueError(f"{assignment!r}: write NAME=VALUE with a name from {', '.join(hints)}")
        hint = hints[name]
        if hint is bool:
            if text not in {"true", "false"}:
                raise ValueError(f"switch {name} = {text!r}: true or false")
            values[name] = text == "true"
        elif get_origin(hint) is Literal:
            values[name] = text
        elif text == "none" and name == "rate_per_second":
            values[name] = None
        else:
            number = float if name == "rate_per_second" else int
            try:
                values[name] = number(text)
            except ValueError:
                raise ValueError(f"switch {name} = {text!r}: a number") from None
    return values
