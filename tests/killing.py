"""A process that works for a company and ends itself with SIGKILL before a chosen file-system operation.

Run as a program it imports everything once and then, for each line of JSON on standard input, works in a fork of
itself: what costs a second to import is paid once. What it counts are the operating system's own events (files opened
for writing, renamed, removed, folders made) under ``data`` and ``exports``, whatever code causes them; what pyarrow
removes, which it does without such an event, is counted at the store.
"""

import json
import os
import re
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

_COUNTED = {"os.rename", "os.remove", "os.mkdir", "os.rmdir"}


class Operations:
    """Counts operations under a folder; before number `die_at` the process kills itself."""

    def __init__(self, folder: str, die_at: int | None) -> None:
        self._places = tuple(f"{folder}/{top}/" for top in ("data", "exports"))
        self._die_at = die_at
        self.seen: list[str] = []

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        """An audit hook; see `sys.addaudithook`."""
        if event == "open":
            path, _, flags = arguments
            if isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR) and not str(path).endswith(".lock"):
                self.count(event, path)
        elif event in _COUNTED:
            self.count(event, arguments[0])

    def count(self, event: str, path: object) -> None:
        """Count one."""
        if not str(path).startswith(self._places):
            return
        if len(self.seen) == self._die_at:
            os.kill(os.getpid(), signal.SIGKILL)
        self.seen.append(f"{event} {path}")


def watch(folder: str, die_at: int | None) -> Operations:
    """Count what this process does from now on, which it cannot undo."""
    from robaws_pipeline.lake.store import Store  # noqa: PLC0415 - not in the process of the tests

    operations, plain = Operations(folder, die_at), Store.remove

    def remove(self: Store, name: str) -> None:
        operations.count("Store.remove", self.path(name))
        plain(self, name)

    Store.remove = remove  # type: ignore[method-assign]
    sys.addaudithook(operations)
    return operations


def load(config: str) -> None:
    """What the job `load` does, without Dagster."""
    from robaws_pipeline.steps import build, fetch  # noqa: PLC0415

    workspace, months = _workspace(config)
    assert not fetch.fetch_reference(workspace).errors
    build.build_reference(workspace)
    assert not fetch.fetch_history(workspace, months).errors
    _build(workspace, months)


def nightly(config: str) -> None:
    """What the command `nightly` does, without Dagster."""
    from robaws_pipeline.steps import build, fetch  # noqa: PLC0415
    from robaws_pipeline.steps.stale import stale_months  # noqa: PLC0415

    workspace, _ = _workspace(config)
    assert not fetch.fetch_reference(workspace).errors
    build.build_reference(workspace)
    assert not fetch.fetch_changes(workspace).errors
    _build(workspace, stale_months(workspace))


def export(config: str) -> None:
    """Every month built again from what is held."""
    workspace, months = _workspace(config)
    _build(workspace, months)


def deliver(config: str) -> None:
    """The next delivery, on a day that is always the same."""
    from robaws_pipeline.steps.deliver import deliver as make_delivery  # noqa: PLC0415

    workspace, _ = _workspace(config)
    make_delivery(workspace, now=datetime(2025, 4, 2, 6, 0, tzinfo=workspace.company.zone))


def _build(workspace: Any, months: Sequence[str]) -> None:
    from robaws_pipeline.steps import build  # noqa: PLC0415

    build.build_documents(workspace, months)
    build.build_journal(workspace, months)
    build.build_exports(workspace, months)
    build.build_warehouse(workspace)


def _workspace(config: str) -> tuple[Any, list[str]]:
    from robaws_pipeline import settings  # noqa: PLC0415
    from robaws_pipeline.lake import raw  # noqa: PLC0415
    from robaws_pipeline.steps.workspace import Workspace  # noqa: PLC0415

    plain = Workspace.months
    # The day must not decide the outcome; and merges must come in a test's few nights.
    Workspace.months = lambda self, today=None: plain(self, date(2025, 3, 15))  # type: ignore[method-assign]
    raw._FAN_OUT = 2
    workspace = Workspace.of(settings.load(config), "proef")
    return workspace, [month for month in workspace.months() if month <= "2025-03"]


WORK: dict[str, Callable[[str], None]] = {"load": load, "nightly": nightly, "export": export, "deliver": deliver}


@dataclass(frozen=True)
class Killer:
    """The program in this file, waiting for work."""

    process: "subprocess.Popen[str]"

    def work(
        self, work: str, config: Path, die_at: int | None = None, largest_file: int | None = None
    ) -> tuple[int, list[str]]:
        """Do it in a process of its own; how that ended (as `os.waitstatus_to_exitcode`), and what it did, or when it
        failed the error's class and text. `largest_file` in bytes: beyond it the disk takes no more."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        asked = {"work": work, "config": str(config), "die_at": die_at, "largest_file": largest_file}
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        return answer["code"], answer["seen"]


@contextmanager
def killer(environment: dict[str, str]) -> Iterator[Killer]:
    """Start the program; it ends with the block."""
    process = subprocess.Popen(
        [sys.executable, __file__], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        yield Killer(process)
    finally:
        process.kill()
        process.communicate()


def moments(seen: Sequence[str], folder: Path, count: int) -> list[int]:
    """`count` numbers of operations, evenly among the first ones of each kind: what is done to which kind of file."""
    kinds: dict[str, int] = {}
    for number, operation in enumerate(seen):
        kind = operation.replace(str(folder), "")
        kinds.setdefault(re.sub(r"[0-9a-f]{8,}|[0-9]+", "*", kind), number)
    firsts = sorted(kinds.values())
    return sorted({firsts[place * (len(firsts) - 1) // (count - 1)] for place in range(count)})


def _main() -> None:
    import robaws_pipeline.steps.deliver  # noqa: PLC0415
    import robaws_pipeline.steps.fetch  # noqa: F401, PLC0415
    from robaws_pipeline.steps import build  # noqa: F401, PLC0415
    from robaws_pipeline.steps.code import code_version  # noqa: PLC0415

    code_version()

    for line in sys.stdin:
        asked = json.loads(line)
        out, into = os.pipe()
        child = os.fork()
        if not child:
            os.close(out)
            os.dup2(2, 1)  # standard output is for answers
            code, told = 1, ["nothing"]
            try:
                operations = watch(str(Path(asked["config"]).parent), asked["die_at"])
                if asked["largest_file"]:
                    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
                    resource.setrlimit(resource.RLIMIT_FSIZE, (asked["largest_file"],) * 2)
                WORK[asked["work"]](asked["config"])
                code, told = 0, operations.seen
            except Exception as error:
                told = [type(error).__name__, str(error)]
            finally:
                os.write(into, json.dumps(told).encode())
                os._exit(code)
        os.close(into)
        with os.fdopen(out, "rb") as stream:
            seen = stream.read()
        _, status = os.waitpid(child, 0)
        answer = {"code": os.waitstatus_to_exitcode(status), "seen": json.loads(seen or b"[]")}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _main()
