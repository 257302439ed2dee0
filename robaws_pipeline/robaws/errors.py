"""What can go wrong at Robaws, and what each error means.

::

    RobawsError                 the request, what happened, what to do
    ├── Refused                 Robaws said no; asking again changes nothing
    │   ├── BadRequest          400 and other 4xx: a parameter, an include or the address is not accepted
    │   ├── Unauthorized        401: key, secret or token is wrong
    │   │   └── Blocked         401: the account is blocked for some time
    │   ├── Forbidden           403: the API user's role lacks one module
    │   └── NotFound            404: no such collection or id
    ├── NotJson                 200 with a page, half a body or broken JSON, several times over
    ├── NotAnEnvelope           JSON, and not what the contract says
    ├── Unavailable             gave up: no connection, 5xx or 429 several times over
    ├── QuotaReserved           stopped by ourselves: what is left of the day's quota is for others
    └── SweepIncomplete         pages read to the end several times, and never as many documents as Robaws counts

Only the client retries: 429, 5xx, lost connections and unreadable bodies, with back-off and a limit on the whole.
Whoever catches one of these must not try again by itself (a step's or run's retry policy would multiply the
attempts), except that `QuotaReserved` passes with the next day. What a sweep received before any of them is kept.

Texts never contain a key or a secret: the request is named by its path and query, and what a server says is passed
through the client's own scrubbing before it gets here.
"""

# ruff: noqa: N818 - they read as what happened, and `RobawsError` is their common name.

from http import HTTPStatus


class RobawsError(Exception):
    """Base of all errors of this package; the text reads ``request: what happened. What to do``."""

    def __init__(self, request: str, happened: str, remedy: str) -> None:
        super().__init__(request, happened, remedy)
        self.request = request
        self.happened = happened
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.request}: {self.happened}. {self.remedy}"


class Refused(RobawsError):
    """Robaws answered 4xx; never retried."""


class BadRequest(Refused):
    """A parameter, an include or the address is not accepted."""


class Unauthorized(Refused):
    """Key, secret or token is wrong, or there is no token yet."""


class Blocked(Unauthorized):
    """Robaws blocked the account for some time."""


class Forbidden(Refused):
    """The API user's role lacks the module of this collection."""


class NotFound(Refused):
    """No such collection or id."""


class NotJson(RobawsError):
    """Status 200 and a body that is not JSON, in every attempt."""


class NotAnEnvelope(RobawsError):
    """JSON of another shape than the contract says; never retried."""


class Unavailable(RobawsError):
    """No usable answer in any attempt."""


class QuotaReserved(RobawsError):
    """The day's quota is down to what the settings reserve for others."""


class SweepIncomplete(RobawsError):
    """A listing never gave as many distinct documents as it counts."""


def refusal(status: int, request: str, collection: str, reason: str, said: str) -> Refused:
    """The error of a 3xx or 4xx answer that is not retried.

    `collection` is the first part of the path, `reason` the header ``X-Robaws-Unauthorized-Reason``, `said` what the
    body tells (scrubbed, may be empty).
    """
    happened = f"Robaws answered {status} {_phrase(status)}" + (f" ({said})" if said else "")
    if status == HTTPStatus.UNAUTHORIZED:
        if reason:
            return Blocked(
                request,
                f"{happened}: the account is {reason}",
                "Wait some minutes; when it stays so, ask Robaws why the API user is blocked (too many 429s, or a"
                " wrong password too often)",
            )
        return Unauthorized(
            request,
            happened,
            "Check the API key and secret in the environment variables that robaws.toml names (api_key_env,"
            " api_secret_env), and that the API user is active in Robaws",
        )
    if status == HTTPStatus.FORBIDDEN:
        return Forbidden(
            request,
            f"{happened}: no right to read {collection}",
            f"Give the role of the API user in Robaws the module behind '{collection}' (reading is enough); other"
            " collections are not affected",
        )
    if status == HTTPStatus.NOT_FOUND:
        return NotFound(
            request,
            happened,
            f"Either the object was deleted, or this tenant has no '{collection}': check base_url in robaws.toml"
            " (it ends in /api/v2)",
        )
    if status < HTTPStatus.BAD_REQUEST:
        return BadRequest(request, f"{happened}, a redirect", "Put the address it leads to as base_url in robaws.toml")
    return BadRequest(
        request,
        happened,
        "Compare the parameters with the API reference of your Robaws; if it changed, this program must follow",
    )


def refusal_to_write(status: int, request: str, collection: str, reason: str, said: str) -> Refused:
    """As `refusal`, of a change."""
    happened = f"Robaws answered {status} {_phrase(status)}" + (f" ({said})" if said else "")
    if status == HTTPStatus.FORBIDDEN:
        return Forbidden(
            request,
            f"{happened}: no right to change {collection}",
            f"Give the role of the API user in Robaws the right to change '{collection}'; reading them is not enough",
        )
    if status == HTTPStatus.NOT_FOUND:
        return NotFound(request, happened, "It was deleted in Robaws: there is nothing left to change")
    if status == HTTPStatus.UNSUPPORTED_MEDIA_TYPE:
        return BadRequest(
            request,
            f"{happened}: it did not arrive as application/merge-patch+json",
            "When a proxy stands between here and Robaws, let it pass the header Content-Type as it is; else ask Robaws"
            " which kind of change it takes",
        )
    if status in {HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY}:
        return BadRequest(
            request,
            happened,
            "Compare name and kind of the field with those in Robaws: it refuses a field that it does not have, and a"
            " value of another kind",
        )
    return refusal(status, request, collection, reason, said)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "(no standard status)"
