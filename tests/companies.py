"""A company of the settings in a folder of its own, and the command line in it: what the tests of the whole share."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dagster as dg
from click.testing import CliRunner, Result

from robaws_pipeline import settings
from robaws_pipeline.automation.code_location import definitions
from robaws_pipeline.automation.instance import prepare_home
from robaws_pipeline.automation.runs import Runner, runner
from robaws_pipeline.cli import cli
from robaws_pipeline.sandbox.limits import Account
from robaws_pipeline.sandbox.server import Running
from robaws_pipeline.sandbox.switches import Switches
from robaws_pipeline.sandbox.world import World, build_world
from robaws_pipeline.steps.workspace import Workspace

KEY, SECRET = "key-of-proef-91c4", "secret-of-proef-7f3e2b"
ACCOUNT = Account(KEY, SECRET)
FIRST, LAST = "2025-01", "2025-10"
MONTHS = [f"2025-{number:02}" for number in range(1, 11)]
"""Long past, so that no test depends on the day it runs on."""

PROGRAM = str(Path(sys.executable).with_name("robaws-pipeline"))
"""The console script, as a user has it."""

_COMPANY = """
[companies.{key}]
name = "Proef Installaties BV"
base_url = "{base_url}"
api_key_env = "PROEF_KEY"
api_secret_env = "PROEF_SECRET"
start = "{start}"
vat_number = "BE0999000129"
address = {{ line = "Proefstraat 1", postal_code = "9000", city = "Gent", country = "BE" }}
iban = "BE41099000567810"
rate_limit = {{ per_second = {per_second}, burst = {burst} }}
"""


def company_toml(base_url: str, key: str = "proef", *, start: str = FIRST, limited: bool = False) -> str:
    """The settings of one company. Unless `limited`, its rate limit is one that no test reaches."""
    per_second, burst = (15, 20) if limited else (10_000, 10_000)
    return _COMPANY.format(key=key, base_url=base_url, start=start, per_second=per_second, burst=burst)


@contextmanager
def environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Set environment variables inside the block."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@dataclass
class Place:
    """A folder with robaws.toml and everything the program writes."""

    folder: Path
    environment: dict[str, str] = field(default_factory=lambda: {"PROEF_KEY": KEY, "PROEF_SECRET": SECRET})

    @property
    def config(self) -> Path:
        """The settings file."""
        return self.folder / "robaws.toml"

    @property
    def home(self) -> Path:
        """DAGSTER_HOME."""
        return self.folder / "dagster"

    @property
    def variables(self) -> dict[str, str]:
        """Credentials and Dagster's home: what a run needs in its environment."""
        return {**self.environment, "DAGSTER_HOME": str(self.home)}

    def write(self, *companies: str) -> None:
        """Write robaws.toml."""
        self.config.write_text("".join(companies), encoding="utf-8")

    def settings(self) -> settings.Settings:
        """The settings as the program reads them."""
        return settings.load(self.config)

    def workspace(self, key: str = "proef") -> Workspace:
        """One company's lake and exports."""
        return Workspace.of(self.settings(), key)

    def command(self, *arguments: str) -> list[str]:
        """The command line of a user in this folder."""
        return [PROGRAM, "--config", str(self.config), *arguments]

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start a command in a process of its own; its output is read by whoever waits for it."""
        return subprocess.Popen(
            self.command(*arguments),
            env={**os.environ, **self.variables},
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run a command in a process of its own."""
        process = self.start(*arguments)
        out, err = process.communicate(timeout=120)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def invoke(self, *arguments: str) -> Result:
        """Run a command in this process: the same, without a second to start; never raises."""
        return CliRunner(env=self.variables).invoke(cli, ["--config", str(self.config), *arguments])

    @contextmanager
    def dagster(self) -> Iterator[Runner]:
        """A runner of our jobs on this folder's Dagster instance."""
        with environment(self.variables):
            prepare_home(self.folder)
            with runner(definitions(self.settings())) as ready:
                yield ready

    def exported(self, key: str = "proef") -> dict[str, str]:
        """Every file under the company's exports: path → SHA-256."""
        root = self.folder / "exports" / key
        return {
            str(file.relative_to(root)): hashlib.sha256(file.read_bytes()).hexdigest()
            for file in sorted(root.rglob("*"))
            if file.is_file()
        }

    def tables(self, key: str = "proef") -> dict[str, str]:
        """Every file of the company's tables: path → SHA-256. Dotted names are what a killed process left unfinished,
        which no reader sees."""
        root = self.folder / "data" / key / "tables"
        return {
            str(file.relative_to(root)): hashlib.sha256(file.read_bytes()).hexdigest()
            for file in sorted(root.rglob("[!.]*"))
            if file.is_file()
        }

    def manifests(self, key: str = "proef") -> dict[str, dict[str, Any]]:
        """The manifest of every exported month."""
        found = sorted((self.folder / "exports" / key).glob("*/manifest.json"))
        return {file.parent.name: json.loads(file.read_bytes()) for file in found}

    def broken(self, key: str = "proef") -> list[str]:
        """What a reader of the exports could see that is not a whole month: files missing, cut or nobody's."""
        wrong = []
        for month, manifest in self.manifests(key).items():
            folder = self.folder / "exports" / key / month
            there = {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()}
            wrong += [f"{month}/{name}" for name in there ^ {*manifest["files"], "manifest.json"}]
            for name, sums in manifest["files"].items():
                if name in there and hashlib.sha256((folder / name).read_bytes()).hexdigest() != sums["sha256"]:
                    wrong.append(f"{month}/{name}: other bytes than the manifest says")
        known = {*self.manifests(key), "outside.csv"}
        without = [path for path in (self.folder / "exports" / key).glob("[!.]*") if path.name not in known]
        return wrong + [str(path) for path in without]


def place_in(folder: Path, home: Path) -> Place:
    """A folder for a company, with a fresh Dagster home in it."""
    shutil.copytree(home, folder / "dagster")
    return Place(folder)


UNLIMITED = Switches(rate_per_second=None)

Serve = Callable[..., Running]


@dataclass(frozen=True)
class Company:
    """A company in its folder, and the sandbox that it reads."""

    place: Place
    server: Running

    @property
    def world(self) -> World:
        """What Robaws has."""
        return self.server.world


def small_world(**options: object) -> World:
    """Three months of a few documents."""
    given = {"first_month": "2025-01", "last_month": "2025-03", "sales_per_month": 8, "purchases_per_month": 5}
    return build_world(**{**given, **options})  # type: ignore[arg-type]


def materializations(instance: dg.DagsterInstance, run_id: str) -> dict[str, list[Mapping[str, Any]]]:
    """Asset key → what the run recorded for it, in order: partition (None without), and metadata values by name."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for record in instance.get_records_for_run(run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION).records:
        event = record.event_log_entry.dagster_event
        assert event is not None
        recorded = event.step_materialization_data.materialization
        values = {name: value.value for name, value in recorded.metadata.items()}
        found.setdefault("/".join(recorded.asset_key.path), []).append({"partition": recorded.partition, **values})
    return found


def partitions(recorded: Sequence[Mapping[str, Any]]) -> list[str]:
    """The partitions of an asset's materializations, in order."""
    return [str(one["partition"]) for one in recorded]
