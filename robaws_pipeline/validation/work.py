"""Many files to the end: verdicts one by one, progress, and how it went."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from robaws_pipeline import progress
from robaws_pipeline.validation import Depth, Verdict
from robaws_pipeline.validation.pool import File, Pool, processes


@dataclass(slots=True)
class Work:
    """Files to check and, while `verdicts` is read, what came of them."""

    files: Sequence[File]
    at_most: int | None = None
    """Processes; None: as many as there are cores."""
    documents: int = 0
    """Invoices and credit notes."""
    invalid: int = 0
    """Files that break a rule that is more than a warning."""
    warned: int = 0
    """Files with nothing worse than warnings."""
    other: int = 0
    """XML that is no invoice or credit note of UBL 2."""
    layers: Counter[str] = field(default_factory=Counter)
    """Layer → files that it was applied to."""
    rules: Counter[str] = field(default_factory=Counter)
    """Rule → how often it was broken."""
    seconds: float = 0.0

    @property
    def processes(self) -> int:
        """How many share the work."""
        return processes(len(self.files), self.at_most)

    @property
    def rate(self) -> float:
        """Files a second."""
        return len(self.files) / self.seconds if self.seconds else 0.0

    def verdicts(self, depth: Depth = "whole") -> Iterator[tuple[str, Verdict]]:
        """Each file's name and verdict, in their order."""
        started = time.perf_counter()
        with Pool(self.processes) as pool:
            for done, (name, verdict) in enumerate(pool.verdicts(self.files, depth), 1):
                self._count(verdict)
                self.seconds = time.perf_counter() - started
                progress.report("checking files", done, len(self.files))
                yield name, verdict

    def _count(self, verdict: Verdict) -> None:
        self.documents += verdict.kind is not None
        self.other += verdict.kind is None and not verdict.findings
        self.invalid += verdict.fails
        self.warned += bool(verdict.findings) and not verdict.fails
        self.layers.update(verdict.layers)
        self.rules.update(finding.rule for finding in verdict.findings)
