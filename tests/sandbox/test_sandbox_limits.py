"""Who may ask, and how often."""

import httpx
import pytest

from robaws_pipeline.sandbox.limits import Account


class Clock:
    """Time that moves when told."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def test_a_burst_of_twenty_then_429(start) -> None:
    """The twenty-first request at once is refused, tells that nothing is left, and costs nothing."""
    clock = Clock()
    sandbox = start(limited=True, clock=clock)
    left = [sandbox.get("vat-tariffs").headers["x-ratelimit-remaining"] for _ in range(20)]
    assert left == [str(n) for n in range(19, -1, -1)]
    refused = sandbox.get("vat-tariffs")
    assert (refused.status_code, refused.content, refused.headers["x-ratelimit-remaining"]) == (429, b"", "0")
    assert "retry-after" not in refused.headers
    assert refused.headers["x-ratelimit-daily-remaining"] == "9980"
    assert (sandbox.server.stats.rate_limited, sandbox.server.stats.total) == (1, 21)


def test_the_bucket_regains_fifteen_a_second(start) -> None:
    """One token needs a fifteenth of a second; the bucket never holds more than twenty."""
    clock = Clock()
    sandbox = start(limited=True, clock=clock)
    for _ in range(20):
        sandbox.get("vat-tariffs")
    clock.now += 0.06
    assert sandbox.get("vat-tariffs").status_code == 429
    clock.now += 0.01
    assert sandbox.get("vat-tariffs").status_code == 200
    assert sandbox.get("vat-tariffs").status_code == 429
    clock.now += 3600
    assert sandbox.get("vat-tariffs").headers["x-ratelimit-remaining"] == "19"


def test_the_bucket_may_be_filled_on_whole_seconds(start) -> None:
    """Spring's limiter counts in seconds: nothing within one, fifteen at its end."""
    clock = Clock(1000.5)
    sandbox = start(limited=True, clock=clock, switches={"refill": "second"})
    for _ in range(20):
        sandbox.get("vat-tariffs")
    clock.now = 1000.99
    assert sandbox.get("vat-tariffs").status_code == 429
    clock.now = 1001.0
    assert sandbox.get("vat-tariffs").headers["x-ratelimit-remaining"] == "14"


def test_the_day_has_a_number_of_requests(start) -> None:
    """Used up is used up until midnight UTC, however full the bucket is."""
    midnight = 86_400 * 20_000
    clock = Clock(midnight - 10)
    sandbox = start(limited=True, clock=clock, wall_clock=clock, switches={"daily_limit": 3})
    left = [sandbox.get("companies").headers["x-ratelimit-daily-remaining"] for _ in range(3)]
    assert left == ["2", "1", "0"]
    refused = sandbox.get("companies")
    assert refused.status_code == 429
    assert (refused.headers["x-ratelimit-daily-limit"], refused.headers["x-ratelimit-daily-remaining"]) == ("3", "0")
    assert refused.headers["x-ratelimit-remaining"] == "17"
    clock.now = midnight
    assert sandbox.get("companies").headers["x-ratelimit-daily-remaining"] == "2"


def test_a_429_may_explain_itself(start) -> None:
    """Body, Retry-After and the gateway's other headers are not known; each can be switched on."""
    switches = {"burst": 1, "body_429": "json", "retry_after": True, "extra_ratelimit_headers": True}
    sandbox = start(limited=True, clock=Clock(), switches=switches)
    sandbox.get("companies")
    refused = sandbox.get("companies")
    assert refused.json()["error"] == "Too Many Requests"
    assert refused.headers["retry-after"] == "1"
    assert refused.headers["x-ratelimit-burst-capacity"] == "1"
    assert refused.headers["x-ratelimit-replenish-rate"] == "15"


def test_every_answer_tells_what_is_left(start) -> None:
    """Refused and failed requests cost tokens too."""
    sandbox = start(limited=True, clock=Clock())
    sandbox.faults.status(503, "companies")
    paths = ["companies", "nonsense", "clients/0", "sales-invoices?sort=x", "documents/90001"]
    answers = [sandbox.http.get(path) for path in paths]
    assert [answer.status_code for answer in answers] == [503, 404, 404, 400, 200]
    assert [answer.headers["x-ratelimit-remaining"] for answer in answers] == ["19", "18", "17", "16", "15"]


def test_each_credential_has_its_own_bucket(start) -> None:
    """One integration's hurry is not another's."""
    accounts = (Account(), Account("other-key", "other-secret"))
    sandbox = start(limited=True, clock=Clock(), accounts=accounts, switches={"burst": 1})
    assert sandbox.get("companies").status_code == 200
    assert sandbox.get("companies").status_code == 429
    with httpx.Client(base_url=sandbox.server.base_url, auth=("other-key", "other-secret")) as other:
        assert other.get("companies").status_code == 200


def test_wrong_credentials_are_refused(start) -> None:
    """No header, a wrong secret, another scheme: 401 with the usual error object."""
    sandbox = start()
    bare = httpx.Client(base_url=sandbox.server.base_url)
    attempts: list[dict[str, str]] = [
        {},
        {"authorization": "Bearer sandbox-key"},
        {"authorization": "Basic !!!"},
        {"authorization": "Basic c2FuZGJveC1rZXk6d3Jvbmc="},
        {"authorization": "Basic c2FuZGJveC1rZXk="},
        {"x-api-key": "sandbox-key"},
    ]
    with bare:
        for headers in attempts:
            refused = bare.get("clients", headers=headers)
            assert refused.status_code == 401
            assert (refused.json()["error"], refused.json()["path"]) == ("Unauthorized", "/api/v2/clients")
            assert "x-robaws-unauthorized-reason" not in refused.headers


def test_a_blocked_credential_is_told_so(start) -> None:
    """Robaws says in a header why it refuses."""
    refused = start(accounts=(Account(blocked=True),)).get("clients")
    assert refused.status_code == 401
    assert refused.headers["X-Robaws-Unauthorized-Reason"] == "temp-blocked"


def test_a_role_without_a_module_gets_403_there_only(start) -> None:
    """List, object and PDF of that collection; the others answer."""
    sandbox = start(accounts=(Account(forbidden=frozenset({"purchase-invoices"})),))
    pdf_id = sandbox.world.get("purchase-invoices", "7001")["documentId"]
    for path in ("purchase-invoices", "purchase-invoices/7001", f"documents/{pdf_id}", f"documents/{pdf_id}/download"):
        refused = sandbox.get(path)
        assert (refused.status_code, refused.json()["error"]) == (403, "Forbidden")
    assert sandbox.get("sales-invoices").status_code == 200


@pytest.mark.parametrize(("method", "path"), [("PATCH", "clients/611"), ("PUT", "sales-invoices/20001")])
def test_what_is_for_reading_cannot_be_written(start, method: str, path: str) -> None:
    """A write is refused, not quietly accepted."""
    refused = start().http.request(method, path, json={"status": "x"})
    assert (refused.status_code, refused.headers["allow"], refused.json()["status"]) == (405, "GET", 405)
