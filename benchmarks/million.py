"""What a long history costs: a million documents of 5 lines over ten years, beside a hundred thousand over one.

    python benchmarks/million.py [--documents 100000 1000000] [--per-month 8334] [--formats journal]

The documents go through the raw log as a sweep's do. They are those of one month of the sandbox, again for each month
with other ids, numbers and dates. One month is really built; the others get copies of its tables and manifest, with
the inputs that they would have, so that nothing is stale. Then each step runs in a process of its own, and is checked
for what it finds; the first row is a process that does nothing but import. TMPDIR must have room for 2 GB.
"""

import argparse
import json
import os
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from harness import SETTINGS, run

from robaws_pipeline import fields
from robaws_pipeline.lake.raw import ALL
from robaws_pipeline.lake.store import Store
from robaws_pipeline.periods import months_between
from robaws_pipeline.robaws.items import Item, head_reader
from robaws_pipeline.sandbox.render import Renderer
from robaws_pipeline.sandbox.switches import Switches
from robaws_pipeline.sandbox.world import build_world
from robaws_pipeline.schema import DOCUMENTS, EXTRA_FIELDS, LINES, POSTINGS, STATES, VAT
from robaws_pipeline.settings import load
from robaws_pipeline.steps import build, fingerprints, stale
from robaws_pipeline.steps.receive import Receiver
from robaws_pipeline.steps.workspace import Workspace

LAST = "2026-10"
TEMPLATE = "2026-02"  # each of its days is a day of every month
APART = 1_000_000  # between the ids of one month and the next
NIGHT = 100
NIGHTS = 64
_ORIGINAL = re.compile(rb'"originalInvoiceId":"(\d+)"')
_UPDATED = re.compile(rb'"updatedAt":"[^"]*"')

Templates = dict[str, list[bytes]]


def templates(per_month: int) -> Templates:
    """The JSON of every object of a sandbox with one month of documents, by collection."""
    half = per_month // 2
    world = build_world(
        first_month=TEMPLATE, last_month=TEMPLATE, sales_per_month=half, purchases_per_month=per_month - half, lines=5
    )
    renderer = Renderer(world, Switches())
    return {
        one.name: renderer.encode(one.path, world.records(one.path), frozenset(filter(None, one.include().split(","))))
        for one in (*fields.DOCUMENTS, *fields.PARTIES, *fields.LISTS)
    }


def moved(jsons: Iterable[bytes], month: str, number: int) -> Iterator[bytes]:
    """The month's documents in another month, the `number`-th, as documents of their own."""
    year, name = f"{month[2:4]}{month[5:]}".encode(), month.encode()
    for json_ in jsons:
        id_ = int(json_[7 : json_.index(b'"', 7)])
        other = b'{"id":"%d"' % (id_ + number * APART) + json_[json_.index(b",") :]
        other = other.replace(b'"%s' % TEMPLATE.encode(), b'"%s' % name)
        other = re.sub(rb'"logicId":"([FCI])\d\d', rb'"logicId":"\g<1>' + year, other, count=1)
        yield _ORIGINAL.sub(lambda found: b'"originalInvoiceId":"%d"' % (int(found[1]) + number * APART), other)


def items(collection: fields.Collection, jsons: Iterable[bytes]) -> list[Item]:
    """As a page of the collection is read."""
    return list(map(head_reader(collection.resource), jsons))


def make(workspace: Workspace, months: Sequence[str], per_month: int) -> None:
    """The raw log, and everything built from it."""
    found = templates(per_month)
    now = datetime.now(UTC)
    for collection in (*fields.PARTIES, *fields.LISTS):
        receiver = Receiver(workspace.raw, collection.name, None)
        receiver(items(collection, found[collection.name]))
        receiver.flush()
        workspace.coverage.record(collection.name, [ALL], now)
    for collection in fields.DOCUMENTS:
        receiver = Receiver(workspace.raw, collection.name, workspace.company.start)
        for number, month in enumerate(months):
            page = items(collection, moved(found[collection.name], month, number))
            for start in range(0, len(page), 100):
                receiver(page[start : start + 100])
        receiver.flush()
        workspace.coverage.record(collection.name, months, now)
        workspace.raw.settle(collection.name)
    build.build_reference(workspace)
    _build(workspace, months[-1])
    _copy(workspace, months[:-1], months[-1])
    build.build_warehouse(workspace)


def _build(workspace: Workspace, month: str) -> None:
    build.build_documents(workspace, [month])
    build.build_journal(workspace, [month])
    build.build_exports(workspace, [month])


def _content(store: Store, name: str) -> bytes:
    content = store.read(name)
    if content is None:
        sys.exit(f"{store.path(name)} was not made")
    return content


def _copy(workspace: Workspace, months: Sequence[str], built: str) -> None:
    """Give these months the tables and the manifest of the one that is built, and the inputs of their own."""
    store, exports = workspace.tables.store, workspace.exports
    whole = {
        f"{table.name}/{{}}.parquet": _content(store, f"{table.name}/{built}.parquet")
        for table in (DOCUMENTS, LINES, STATES, VAT, POSTINGS, EXTRA_FIELDS)
    }
    made = json.loads(_content(store, fingerprints.inputs_file(built)))
    manifest = _content(exports, f"{built}/manifest.json")
    references = {}
    for number, month in enumerate(months):
        back = (len(months) - number) * APART
        references[month] = dict(made["references"]) | {
            one.name: [str(int(id_) - back) for id_ in made["references"][one.name]] for one in fields.DOCUMENTS
        }
    today = fingerprints.Fingerprints(workspace, references.values())
    for month in months:
        for name, content in whole.items():
            store.write(name.format(month), content, durable=False)
        contents = {one.name: workspace.raw.fingerprint(one.name, month) for one in fields.DOCUMENTS}
        inputs = {"fingerprint": today.of(month, contents, references[month]), "references": references[month]}
        store.write(fingerprints.inputs_file(month), json.dumps(inputs).encode(), durable=False)
        store.write(fingerprints.journal_file(month), inputs["fingerprint"].encode(), durable=False)
        own = manifest.replace(made["fingerprint"].encode(), inputs["fingerprint"].encode())
        exports.write(f"{month}/manifest.json", own, durable=False)


def change(workspace: Workspace, months: Sequence[str], night: int) -> None:
    """What a night does that finds `NIGHT` changed documents, as many in each of these months."""
    stamp = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z").encode()
    receiver = Receiver(workspace.raw, fields.SALES.name, workspace.company.start)
    changed: list[bytes] = []
    for month in months:
        held = workspace.raw.current(fields.SALES.name, month)["json"].to_pylist()
        count = NIGHT // len(months)
        changed += [held[(night * count + number) % len(held)] for number in range(count)]
    receiver(items(fields.SALES, (_UPDATED.sub(b'"updatedAt":"%s"' % stamp, one, count=1) for one in changed)))
    receiver.flush()
    expect(len(receiver.touched), len(months))
    workspace.raw.settle(fields.SALES.name)


def expect(found: object, expected: object) -> None:
    """End when a step did something else than it is measured for."""
    if found != expected:
        sys.exit(f"{found} instead of {expected}")


def nights(workspace: Workspace, months: Sequence[str]) -> None:
    """Changes of one month, night after night; its files are merged when there are enough."""
    for night in range(1, NIGHTS + 1):
        change(workspace, months[-1:], night)
    files = [name for name in workspace.raw.store.names(f"{fields.SALES.name}/{months[-1]}") if name[0] != "."]
    expect(len(files) < NIGHTS // 2, True)


_RECENT = slice(-4, None)
STEPS = {
    "nothing": lambda workspace, months: None,
    "stale months, none": lambda workspace, months: expect(stale.stale_months(workspace), []),
    "a night's 100 changes": lambda workspace, months: change(workspace, months[_RECENT], 0),
    "stale months, four": lambda workspace, months: expect(stale.stale_months(workspace), list(months[_RECENT])),
    "one month built again": lambda workspace, months: _build(workspace, months[-1]),
    "warehouse": lambda workspace, months: build.build_warehouse(workspace),
    f"{NIGHTS} nights of 100 in a month": nights,
}


def _months(count: int) -> list[str]:
    first = int(LAST[:4]) * 12 + int(LAST[5:]) - count
    return months_between(f"{first // 12:04}-{first % 12 + 1:02}", LAST)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--per-month", type=int, default=8_334)
    parser.add_argument("--formats", nargs="+", default=["journal"])
    parser.add_argument("--step", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.step:
        workspace = Workspace.of(load("robaws.toml"), "bench")
        months = months_between(workspace.company.start, LAST)
        if arguments.step == "make":
            make(workspace, months, arguments.per_month)
        else:
            STEPS[arguments.step](workspace, months)
        return
    for documents in arguments.documents:
        months = _months(-(-documents // arguments.per_month))
        with tempfile.TemporaryDirectory(prefix="bench") as name:
            formats = ", ".join(f'"{one}"' for one in arguments.formats)
            text = SETTINGS.format(
                base_url="http://localhost/api/v2", start=months[0], formats=formats, per_second=15, burst=20
            )
            Path(name, "robaws.toml").write_text(text, encoding="utf-8")
            print(f"{len(months) * arguments.per_month} documents × 5 lines in {len(months)} months")
            print(f"{'':32}{'wall s':>9}{'CPU s':>8}{'peak MB':>9}")
            for step in ("make", *STEPS):
                command = [sys.executable, str(Path(__file__).resolve()), "--step", step]
                value = run([*command, "--per-month", str(arguments.per_month)], os.environ, Path(name))
                print(f"{step:32}{value.wall:9.2f}{value.cpu:8.2f}{value.peak_mb:9.0f}", flush=True)
                if step == "make":
                    size = sum(file.stat().st_size for file in Path(name, "data").rglob("*.parquet"))
                    print(f"{'':4}raw log and tables: {size / 1e6:.0f} MB", flush=True)


if __name__ == "__main__":
    main()
