"""One credential's token bucket: how soon the next request may go, so that Robaws never has to say 429.

Robaws refills a bucket of `burst` tokens by `per_second`, and every answer tells how many were left just after it
was counted (``x-ratelimit-remaining``). Our own count drifts from that: requests spend time on the way, somebody else
may use the key, and the refill may come once a second instead of evenly. So:

- We count for ourselves, and take the token when the request leaves.
- Each answer bounds what the bucket can hold now, and our count moves only as far as those bounds force it. At most:
  what was left, and what came in since the request left. At least: what was left, less every request that was under
  way beside it and may have been counted later.
- The last `RESERVE` tokens are not spent. It costs ``RESERVE / per_second`` seconds once in a sweep and pays for the
  jitter of the network.
- An answer that says *nothing left*, or a 429, means that our count is wrong (another user, or a refill in steps):
  rest for one second, as Robaws advises, and go on from an almost empty bucket at the pace of the refill. From then on
  an answer raises our count only by what it shows beyond one second's refill: if that comes in steps, the tokens seen
  right after a step have to last until the next.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from robaws_pipeline.settings import RateLimit

RESERVE = 2
"""Tokens that we leave in the bucket."""

REST = 1.0
"""Seconds that Robaws advises to wait when the bucket is empty."""

_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Ticket:
    """Leave to send one request: when it was given, and how many requests had been answered by then."""

    sent: float
    answered: int


class Limiter:
    """The token bucket as seen from here. One event loop at a time; `clock` in seconds, any origin."""

    def __init__(
        self,
        rate: RateLimit,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._per_second = rate.per_second
        self._burst = float(rate.burst)
        self._need = 1.0 + min(RESERVE, rate.burst - 1)
        self._clock = clock
        self._sleep = sleep
        self._turn = asyncio.Lock()
        self._level = self._burst
        self._counted_at = clock()
        self._held_until = self._counted_at
        self._careful = False
        self._sent = 0
        self._answered = 0
        self.waited = 0.0
        """Seconds for which requests had to wait for a token."""

    @property
    def level(self) -> float:
        """Tokens that we believe to be in the bucket."""
        now = self._clock()
        self._level = min(self._burst, self._level + (now - self._counted_at) * self._per_second)
        self._counted_at = now
        return self._level

    async def take(self) -> Ticket:
        """Wait for a token, first come first served; call right before sending."""
        async with self._turn:
            while (delay := self._delay()) > 0:
                self.waited += delay
                await self._sleep(delay)
            self._level -= 1
            self._sent += 1
            return Ticket(self._counted_at, self._answered)

    def answered(self, ticket: Ticket, remaining: int | None) -> None:
        """Learn from an answer; `remaining` is None when it says nothing, or when no answer came."""
        level = self.level
        self._answered += 1
        if remaining is None or remaining < 0:  # a gateway that cannot reach its counter says -1
            return
        beside = self._sent - ticket.answered - 1
        most = remaining + (self._counted_at - ticket.sent) * self._per_second
        least = min(self._burst, remaining - beside) - (self._per_second * REST if self._careful else 0.0)
        if level > most:
            self._level = most
        elif level < least and ticket.sent >= self._held_until:
            self._level = least
        if remaining == 0:
            self.hold(ticket.sent + REST - self._counted_at)

    def hold(self, seconds: float) -> None:
        """Send nothing for `seconds`; then a request at a time, at the pace of the refill."""
        seconds += (self._need - 1) / self._per_second  # the reserve is gone too
        level, until = self.level, self._counted_at + seconds
        if until > self._held_until:
            self._careful = True
            self._held_until = until
            self._level = min(level, self._need - max(seconds, 0) * self._per_second)

    def _delay(self) -> float:
        level = self.level
        if self._counted_at < self._held_until:
            return self._held_until - self._counted_at
        missing = self._need - level
        return missing / self._per_second if missing > _ROUNDING else 0.0
