"""What the books read of the raw log: our own marks are no change, and everything else is."""

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from robaws_pipeline.lake.raw import RawLog, Version, rows
from robaws_pipeline.lake.store import Store
from robaws_pipeline.lake.unmarked import Neutral, Unmarked
from robaws_pipeline.robaws.decode_reference import without_mark

START = datetime(2026, 1, 1, tzinfo=UTC)
FIELD = "Exported"


def _version(state: dict[str, object], moment: datetime) -> bytes:
    """The document as Robaws shows it; an empty extra field is left out, null, or there."""
    extra = {"Werf": {"stringValue": state["foreman"]}} if state["foreman"] else {}
    if state["mark"] is not None:
        extra[FIELD] = {"type": "CHECKBOX", "booleanValue": state["mark"]}
    shown = {"id": "1", "status": state["status"], "updatedAt": moment.isoformat()}
    return msgspec.json.encode({**shown, **({"extraFields": extra} if extra or state["mark"] is False else {})})


_STEPS = st.lists(
    st.tuples(st.just("mark"), st.sampled_from([None, False, True]))
    | st.tuples(st.just("status"), st.sampled_from(["a", "b"]))
    | st.tuples(st.just("foreman"), st.sampled_from(["", "An", "Bram"])),
    min_size=1,
    max_size=8,
)


@settings(max_examples=40, deadline=None)
@given(steps=_STEPS, others=st.booleans())
def test_marks_change_nothing_and_every_other_edit_does(steps: list[tuple[str, object]], others: bool) -> None:
    """Whatever the order of marks and edits: a month follows from edits, and from each of them."""
    with tempfile.TemporaryDirectory() as folder:
        raw = RawLog(Store.at(folder, Path(folder)))
        neutral = Neutral("k", lambda _, json: without_mark(json, "updatedAt", FIELD, others=others))
        log = Unmarked(raw, neutral)
        state: dict[str, object] = {"mark": None, "status": "a", "foreman": ""}

        def save(moment: datetime) -> tuple[str, str]:
            version = Version("1", "2026-01", "INVOICE", "2026-01-05", None, moment, _version(state, moment))
            raw.add(rows("sales", [version], moment))
            [row] = log.current("sales", "2026-01").to_pylist()
            assert log.lookup("sales", ["1"], ["hash"])["hash"].to_pylist() == [row["hash"]]
            assert neutral.strip("sales", row["json"]) == neutral.strip("sales", version.json)
            return log.fingerprint("sales", "2026-01"), row["hash"]

        before = save(START)
        for number, (name, value) in enumerate(steps, 1):
            changes = state[name] != value and (name == "status" or (name == "foreman" and others))
            state[name] = value
            after = save(START + timedelta(hours=number))
            assert (after != before) == changes, (name, value)
            before = after
