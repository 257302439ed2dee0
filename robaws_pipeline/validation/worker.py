"""A process that checks files: requests in on standard input, verdicts out on standard output, until the input ends.

Each message is msgpack behind its length in four bytes. SaxonC crashed when threads or forks shared it, and a crash
here costs one process and not the whole work.
"""

import os
import signal
import struct
import sys
from typing import IO, TypeVar

import msgspec

from robaws_pipeline.validation import Depth, Verdict

LENGTH = struct.Struct(">I")
T = TypeVar("T")


class Request(msgspec.Struct, frozen=True):
    """A file to check, and how thoroughly."""

    content: bytes
    depth: Depth


class Answer(msgspec.Struct, frozen=True):
    """The verdict, or why there is none."""

    verdict: Verdict | None
    error: str | None = None


def send(stream: IO[bytes], message: msgspec.Struct) -> None:
    """Write a message."""
    body = msgspec.msgpack.encode(message)
    stream.write(LENGTH.pack(len(body)))
    stream.write(body)
    stream.flush()


def receive(stream: IO[bytes], kind: type[T]) -> T | None:
    """Read a message; None when the other side is gone."""
    head = stream.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    (length,) = LENGTH.unpack(head)
    body = stream.read(length)
    return msgspec.msgpack.decode(body, type=kind) if len(body) == length else None


def main() -> None:
    """Answer requests until there are no more."""
    # Ctrl+C reaches every process of the terminal; whoever started us then closes our input.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    # What a library prints must not get between the answers.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    from robaws_pipeline.validation.checking import Checker  # noqa: PLC0415 - may print, and takes its time

    checker = Checker()
    while (request := receive(sys.stdin.buffer, Request)) is not None:
        try:
            answer = Answer(checker.check(request.content, request.depth))
        except Exception as error:  # told to whoever asked, with the name of the file, which only they know
            answer = Answer(None, f"{type(error).__name__}: {error}")
        send(answers, answer)


if __name__ == "__main__":
    main()
