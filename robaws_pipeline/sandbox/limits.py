"""What a credential may ask: a token bucket and a number of requests a day."""

from collections.abc import Callable
from dataclasses import dataclass, field
from math import floor

from robaws_pipeline.sandbox.switches import Switches

DAY = 86_400


@dataclass(frozen=True, slots=True)
class Account:
    """A credential and what it may see."""

    key: str = "sandbox-key"
    secret: str = "sandbox-secret"  # noqa: S105 - invented, and printed for everybody to use
    client_id: str = "sandbox-client"
    """For OAuth2, which this account may use instead of key and secret."""
    client_secret: str = "sandbox-client-secret"  # noqa: S105
    forbidden: frozenset[str] = frozenset()
    """Collection paths that its role lacks: 403."""
    read_only: frozenset[str] = frozenset()
    """Collection paths that its role may read and not change: 403 to a PATCH."""
    blocked: bool = False
    """Temporarily blocked: 401 with the header that says so."""


@dataclass(slots=True)
class Allowance:
    """The bucket and the day's count of one credential. `clock` gives seconds that never go back."""

    switches: Switches
    clock: Callable[[], float]
    wall_clock: Callable[[], float]
    tokens: float = field(init=False)
    refilled: float = field(init=False)
    day: int = field(init=False)
    used: int = 0

    def __post_init__(self) -> None:
        self.tokens = self.switches.burst
        self.refilled = self._now()
        self.day = int(self.wall_clock() // DAY)

    def _now(self) -> float:
        now = self.clock()
        return floor(now) if self.switches.refill == "second" else now

    def take(self) -> bool:
        """Take a token and count the request; False when there is none left or the day's are used up."""
        switches = self.switches
        today = int(self.wall_clock() // DAY)
        if today != self.day:
            self.day, self.used = today, 0
        if switches.rate_per_second is not None:
            now = self._now()
            self.tokens = min(switches.burst, self.tokens + (now - self.refilled) * switches.rate_per_second)
            self.refilled = now
            if self.tokens < 1:
                return False
        if self.used >= switches.daily_limit:
            return False
        if switches.rate_per_second is not None:
            self.tokens -= 1
        self.used += 1
        return True

    def headers(self) -> dict[str, str]:
        """The rate-limit headers of an answer."""
        switches = self.switches
        headers = {
            "x-ratelimit-remaining": str(floor(self.tokens)),
            "x-ratelimit-daily-limit": str(switches.daily_limit),
            "x-ratelimit-daily-remaining": str(max(0, switches.daily_limit - self.used)),
        }
        if switches.extra_ratelimit_headers:
            headers["x-ratelimit-burst-capacity"] = str(switches.burst)
            headers["x-ratelimit-replenish-rate"] = f"{switches.rate_per_second or 0:g}"
            headers["x-ratelimit-requested-tokens"] = "1"
        return headers
