"""Files to processes, one a core, and verdicts back in the order of the files."""

import hashlib
import os
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from queue import LifoQueue
from types import TracebackType
from typing import IO, NamedTuple

import msgspec

from robaws_pipeline.validation import Depth, Finding, Verdict
from robaws_pipeline.validation.worker import Answer, Request, receive, send

_WORTH_A_PROCESS = 50
"""Files that a process must have to do: it takes a second to start."""
_AHEAD = 4
"""Files read ahead for each process, so that none waits and memory stays bounded."""
_TRIES = 2


class File(NamedTuple):
    """A file by its name; `read` gives its bytes when its turn has come."""

    name: str
    read: Callable[[], bytes]
    sha256: str | None = None
    """What it must be, when somebody wrote that down."""


def cores() -> int:
    """The processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def processes(files: int, at_most: int | None = None) -> int:
    """How many processes are worth their start for so many files."""
    return max(1, min(at_most or cores(), -(-files // _WORTH_A_PROCESS)))


class _Process:
    """A process of `worker`, started at once, so that it reads its rules while others work, and again when it ended."""

    def __init__(self) -> None:
        self._running: subprocess.Popen[bytes] | None = self._start()

    @property
    def pid(self) -> int | None:
        """Its id; None while it has to be started again."""
        return None if self._running is None else self._running.pid

    def ask(self, request: Request) -> Answer | int:
        """Its answer; its exit code when it ended instead."""
        process = self._running = self._running or self._start()
        try:
            send(_open(process.stdin), request)
            answer = receive(_open(process.stdout), Answer)
        except (BrokenPipeError, ConnectionResetError):
            answer = None
        if answer is None:
            self._running = None
            return _end(process)
        return answer

    @staticmethod
    def _start() -> "subprocess.Popen[bytes]":
        # -P: a file in the folder that we were started in must not stand in for a library.
        command = [sys.executable, "-P", "-m", "robaws_pipeline.validation.worker"]
        return subprocess.Popen(  # noqa: S603
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )

    def close(self) -> None:
        """End it."""
        if self._running is not None:
            _end(self._running)
            self._running = None


def _open(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None  # noqa: S101 - for the type checker: we asked for pipes
    return stream


def _end(process: "subprocess.Popen[bytes]") -> int:
    """Close its input, which it takes as the end, and wait."""
    for stream in (process.stdin, process.stdout):
        with suppress(OSError):
            _open(stream).close()
    return process.wait()


class Pool:
    """Processes that check files; they start when it is made and end with the block."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="validate")
        self._processes: LifoQueue[_Process] = LifoQueue()
        for _ in range(count):
            self._processes.put(_Process())

    @property
    def pids(self) -> list[int]:
        """Ids of the processes that are waiting for work."""
        return [process.pid for process in self._processes.queue if process.pid is not None]

    def __enter__(self) -> "Pool":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._threads.shutdown(cancel_futures=True)
        while not self._processes.empty():
            self._processes.get().close()

    def verdicts(self, files: Iterable[File], depth: Depth = "whole") -> Iterator[tuple[str, Verdict]]:
        """Each file's name and verdict, in their order. A few files are in memory at a time, however many there are."""
        waiting: deque[tuple[str, Future[Verdict]]] = deque()
        for file in files:
            waiting.append((file.name, self._threads.submit(self._check, file, depth)))
            if len(waiting) >= _AHEAD * self.count:
                name, verdict = waiting.popleft()
                yield name, verdict.result()
        while waiting:
            name, verdict = waiting.popleft()
            yield name, verdict.result()

    def _check(self, file: File, depth: Depth) -> Verdict:
        try:
            content = file.read()
        except (OSError, ValueError) as error:
            return _not_checked(
                "FILE-READ",
                f"It cannot be read: {error}",
                "Copy the file again; if it is too large, ask for it without its attachments.",
            )
        verdict = self._ask(Request(content, depth))
        if file.sha256 in {None, hashlib.sha256(content).hexdigest()}:
            return verdict
        return msgspec.structs.replace(verdict, findings=(*verdict.findings, _CHANGED))

    def _ask(self, request: Request) -> Verdict:
        process = self._processes.get()
        try:
            for _ in range(_TRIES):
                answer = process.ask(request)
                if isinstance(answer, Answer):
                    if answer.verdict is not None:
                        return answer.verdict
                    return _not_checked("FILE-NOT-CHECKED", f"The rules stopped: {answer.error}", _REPORT)
            return _not_checked(
                "FILE-NOT-CHECKED", f"The process that runs the rules ended at it ({answer}), {_TRIES} times", _REPORT
            )
        finally:
            self._processes.put(process)


_CHANGED = Finding(
    "own", "OWN-CHANGED", True, "", "The file is as it was written: its SHA-256 is not the one in manifest.json",
    "Do not import it; write the month again (robaws-pipeline load), or find out who changed it.",
)  # fmt: skip
_REPORT = "Report it with the file; install the extra `validate` anew if it is so with every file."


def _not_checked(rule: str, sentence: str, remedy: str) -> Verdict:
    return Verdict(None, (Finding("file", rule, True, "", sentence, remedy),))
