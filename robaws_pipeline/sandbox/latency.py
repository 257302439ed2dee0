"""How long requests and answers are on the way."""

from random import Random

from robaws_pipeline.sandbox.switches import Switches


class Latency:
    """Draws the seconds on the way of one request after the other: the same ones for the same switches."""

    def __init__(self, switches: Switches) -> None:
        self._switches = switches
        self._random = Random(1)

    def draw(self) -> tuple[float, float]:
        """Seconds until the next request is counted, and from then until its answer leaves.

        Which part of the way is the slow one is drawn too: a request may be overtaken before it is counted.
        """
        switches, random = self._switches, self._random
        if not (switches.latency_ms or switches.jitter_ms or switches.stall_percent):
            return 0.0, 0.0
        seconds = (switches.latency_ms + random.uniform(0, switches.jitter_ms)) / 1000
        if random.uniform(0, 100) < switches.stall_percent:
            seconds += switches.stall_ms / 1000
        there = seconds * random.random()
        return there, seconds - there
