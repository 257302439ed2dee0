"""The processes that run the rules: order, trouble, memory."""

import os
import signal
from collections.abc import Iterator
from functools import partial

import pytest
from ubl_files import CREDIT_NOTE, INVOICE, changed

from robaws_pipeline.validation.pool import File, Pool, cores, processes

WRONG = changed(INVOICE, ">323.84<", ">323.85<")


def _files(contents: list[bytes]) -> list[File]:
    return [File(f"{number:03}.xml", partial(bytes, content)) for number, content in enumerate(contents)]


def test_verdicts_come_in_the_order_of_the_files(rules: Pool) -> None:
    """Whoever compares two runs needs the same order, whichever process was faster."""
    contents = [WRONG if number % 3 == 0 else INVOICE if number % 2 else CREDIT_NOTE for number in range(24)]
    with Pool(2) as two:
        found = list(two.verdicts(_files(contents), "quick"))
    assert [name for name, _ in found] == [f"{number:03}.xml" for number in range(24)]
    assert [verdict.fails for _, verdict in found] == [number % 3 == 0 for number in range(24)]
    assert found == list(rules.verdicts(_files(contents), "quick"))


def test_few_files_are_in_memory_at_a_time(rules: Pool) -> None:
    """A hundred thousand files with PDFs in them are more than any memory."""
    taken: list[int] = []

    def files() -> Iterator[File]:
        for number in range(100):
            taken.append(number)
            yield File(f"{number}.xml", lambda: INVOICE)

    verdicts = rules.verdicts(files(), "quick")
    next(verdicts)
    assert len(taken) <= 8
    assert len(list(verdicts)) == 99
    assert len(taken) == 100


def test_file_that_cannot_be_read_does_not_stop_the_others(rules: Pool) -> None:
    """One unreadable file in a year is one finding."""

    def gone() -> bytes:
        raise FileNotFoundError("F2.xml is gone")

    files = [*_files([INVOICE]), File("F2.xml", gone), File("F3.xml", lambda: CREDIT_NOTE)]
    found = dict(rules.verdicts(files, "quick"))
    assert [finding.rule for finding in found["F2.xml"].findings] == ["FILE-READ"]
    assert "F2.xml is gone" in found["F2.xml"].findings[0].sentence
    assert not found["F3.xml"].fails


def test_file_that_is_not_what_was_written_is_told(rules: Pool) -> None:
    """The manifest says which bytes were delivered; a file that was edited since is another one."""
    (changed_since,) = dict(rules.verdicts([File("F1.xml", lambda: INVOICE, "0" * 64)], "quick")).values()
    assert [finding.rule for finding in changed_since.findings] == ["OWN-CHANGED"]
    assert changed_since.fails


def test_process_that_is_killed_is_replaced() -> None:
    """The engine of the rules has crashed before; that must cost a second, not the check."""
    with Pool(1) as pool:
        pid = pool.pids[0]
        assert len(dict(pool.verdicts(_files([INVOICE]), "quick"))) == 1
        os.kill(pid, signal.SIGKILL)
        ((_, verdict),) = pool.verdicts(_files([WRONG]))
        assert [finding.rule for finding in verdict.findings][:1] == ["OWN-GROSS"]
        assert "BR-CO-15" in {finding.rule for finding in verdict.findings}
        assert pool.pids != [pid]
        pids = pool.pids
    for one in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(one, 0)


def test_processes_follow_the_work() -> None:
    """Three files are not worth two starts; a year is worth every core; who asks for fewer gets fewer."""
    assert processes(3) == 1
    assert processes(100_000) == cores()
    assert processes(100_000, 1) == 1
