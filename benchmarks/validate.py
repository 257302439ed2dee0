"""How many UBL documents a second are checked, by layer and by number of processes: ``validate.py [DOCUMENTS]``.

Documents of five lines at two rates, written by our format. "XSD and own rules" is what the check of each month does
with all documents, "all layers" what `robaws-pipeline validate` does. The first rows are one process without its pipe,
by its CPU seconds, so that a busy machine matters less; the last are by the clock.
"""

import sys
import time
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import partial

from lxml import etree

from robaws_pipeline.formats.samples import Document, Line, Party, build
from robaws_pipeline.formats.ubl import UblFormat
from robaws_pipeline.validation import official, own_rules
from robaws_pipeline.validation.checking import Checker
from robaws_pipeline.validation.pool import File, Pool, cores
from robaws_pipeline.validation.reading import read


def documents(count: int) -> list[bytes]:
    """Files of the format, in memory."""
    lines = tuple(Line(Decimal("100.10") * number, rate=rate) for number, rate in enumerate((21, 6, 21, 21, 6), 1))
    rows = [Document(str(number), number=f"F26{number:05}", lines=lines) for number in range(count)]
    return [file.content for file in UblFormat().export(build(rows, [Party("1")])).files]


def measure(
    what: str, contents: Sequence[bytes], work: Callable[[], object], clock: Callable[[], float] = time.process_time
) -> None:
    """Print a row."""
    started = clock()
    work()
    seconds = clock() - started
    print(f"| {what} | {len(contents) / seconds:,.0f} |")


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    contents = documents(count)
    if len(contents) != count:
        sys.exit(f"only {len(contents)} of {count} documents could be written")
    print(f"{count} documents of {len(contents[0]):,} bytes\n\n| | documents/s |\n| --- | --: |")
    started = time.process_time()
    checker = Checker()
    start = time.process_time() - started
    roots = [etree.fromstring(content) for content in contents]
    measure("parse", contents, lambda: [etree.fromstring(content) for content in contents])
    measure("UBL 2.1 XSD", contents, lambda: [list(official.against_schema(root, "Invoice")) for root in roots])
    measure("own rules", contents, lambda: [list(own_rules.findings(read(root, "Invoice"))) for root in roots])
    rules = official.Schematron()
    few, few_roots = contents[: count // 4], roots[: count // 4]
    measure("EN 16931", few, lambda: [list(rules.check(root, ["en16931"])) for root in few_roots])
    measure("Peppol BIS 3", few, lambda: [list(rules.check(root, ["peppol"])) for root in few_roots])
    measure("all layers, without a pipe", few, lambda: [checker.check(content) for content in few])
    files = [File(str(number), partial(bytes, content)) for number, content in enumerate(contents)]
    for processes in sorted({1, cores()}):
        with Pool(processes) as pool:
            list(pool.verdicts(files[: processes * 4]))  # started, and warm
            measure(
                f"XSD and own rules, processes: {processes}",
                contents,
                lambda: list(pool.verdicts(files, "quick")),
                time.perf_counter,
            )
            measure(
                f"all layers, processes: {processes}", contents, lambda: list(pool.verdicts(files)), time.perf_counter
            )
    print(f"\nA process reads its rules in {start:.1f} CPU seconds.")


if __name__ == "__main__":
    main()
