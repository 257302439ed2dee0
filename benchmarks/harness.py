"""What every benchmark needs: a sandbox in a process of its own, settings that point at it, a measured command."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from robaws_pipeline.sandbox.server import Process, process
from robaws_pipeline.sandbox.switches import Switches

PROGRAM = [sys.executable, "-c", "from robaws_pipeline.cli import main; main()"]
"""The console script, by the interpreter that runs the benchmark."""

SETTINGS = """
data_dir = "data"
exports_dir = "exports"
[companies.bench]
name = "Bouwbedrijf Voorbeeld BV"
base_url = "{base_url}"
api_key_env = "ROBAWS_BENCH_KEY"
api_secret_env = "ROBAWS_BENCH_SECRET"
start = "{start}"
formats = [{formats}]
vat_number = "BE0999000129"
address = {{ line = "Proefstraat 1", postal_code = "9000", city = "Gent" }}
iban = "BE41099000567810"
[companies.bench.rate_limit]
per_second = {per_second}
burst = {burst}
daily_reserve = 0
"""


@dataclass(frozen=True, slots=True)
class Measured:
    """A finished process: seconds on the clock and on the processor, largest resident memory in megabytes."""

    wall: float
    cpu: float
    peak_mb: float


def run(command: Sequence[str], environment: Mapping[str, str], folder: Path) -> Measured:
    """Run a command to its end as a process of its own; when it fails, so does the benchmark, with its output."""
    with tempfile.TemporaryFile() as output:
        started = time.perf_counter()
        child = subprocess.Popen(command, env=dict(environment), cwd=folder, stdout=output, stderr=output)
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - started
        code = os.waitstatus_to_exitcode(status)
        child.returncode = code
        if code:
            output.seek(0)
            sys.exit(f"{' '.join(command)} ended with {code}:\n{output.read().decode(errors='replace')[-3000:]}")
    return Measured(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


@dataclass(frozen=True, slots=True)
class Bench:
    """A company on a sandbox, in a fresh folder."""

    sandbox: Process
    folder: Path
    environment: Mapping[str, str]

    def program(self, *arguments: str) -> Measured:
        """`robaws-pipeline` with these arguments, measured."""
        return run([*PROGRAM, *arguments], self.environment, self.folder)

    def script(self, code: str) -> str:
        """What a Python script prints in the company's environment."""
        command = [sys.executable, "-c", code]
        return subprocess.run(
            command, env=dict(self.environment), cwd=self.folder, check=True, capture_output=True, text=True
        ).stdout


@contextmanager
def company(
    *,
    documents_per_month: int,
    months: tuple[str, str],
    lines: int = 5,
    rate_limited: bool = False,
    latency: Mapping[str, int] | None = None,
    formats: Sequence[str] = ("journal", "ubl"),
) -> Iterator[Bench]:
    """A company with this many documents, half sales and half purchases, on a sandbox that is ready to serve.

    `latency`: the switches of that name; none on the same machine.
    """
    half = documents_per_month // 2
    late = latency or {}
    switches = Switches(**late) if rate_limited else Switches(rate_per_second=None, daily_limit=10**9, **late)
    with (
        process(
            first_month=months[0],
            last_month=months[1],
            sales_per_month=half,
            purchases_per_month=documents_per_month - half,
            lines=lines,
            switches=switches,
        ) as sandbox,
        tempfile.TemporaryDirectory(prefix="bench") as folder,
    ):
        limit = {"per_second": 15, "burst": 20} if rate_limited else {"per_second": 100_000, "burst": 100_000}
        settings = SETTINGS.format(
            base_url=sandbox.base_url,
            start=months[0],
            formats=", ".join(f'"{name}"' for name in formats),
            **limit,
        )
        Path(folder, "robaws.toml").write_text(settings, encoding="utf-8")
        environment = {
            **os.environ,
            "DAGSTER_HOME": str(Path(folder, "dagster")),
            "ROBAWS_BENCH_KEY": sandbox.key,
            "ROBAWS_BENCH_SECRET": sandbox.secret,
        }
        yield Bench(sandbox, Path(folder), environment)


def middle(values: Sequence[Measured]) -> Measured:
    """The median of each figure."""
    return Measured(
        median(value.wall for value in values),
        median(value.cpu for value in values),
        median(value.peak_mb for value in values),
    )
