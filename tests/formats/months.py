"""Generated months for tests of formats: hypothesis strategies over `robaws_pipeline.formats.samples`."""

from collections.abc import Sequence
from decimal import Decimal

from hypothesis import settings
from hypothesis import strategies as st

from robaws_pipeline.formats.base import MonthBooks
from robaws_pipeline.formats.samples import Document, Line, Party, build

brisk = settings(max_examples=20, deadline=None)
"""A month takes some milliseconds to make: few examples of much variety. No deadline, the machine may be busy."""

TREATMENTS = (
    ("standard", 21, 0),
    ("standard", 12, 0),
    ("standard", 6, 0),
    ("reverse_charge", 0, 21),
    ("intra_community_services", 0, 21),
    ("export", 0, 0),
    ("exempt", 0, 0),
)
"""Treatment, rate and self-assessed rate (of a purchase)."""

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    ["=1+1", "＝1+1", "+32 9", "-10 %", "@x", "'=1", 'a;"b"\r\nc', "Łódź", "\x00=1", "'s-Hertogenbosch"]
)
"""Any text that Arrow can hold, formulas and separators often among them."""

cents = st.integers(-500_000, 5_000_000).map(lambda value: Decimal(value).scaleb(-2))


@st.composite
def lines(draw: st.DrawFn, collection: str) -> Line:
    """A line of a document of this collection; a text line now and then."""
    treatment, rate, self_assessed = draw(st.sampled_from(TREATMENTS))
    net = draw(st.none() | cents)
    return Line(net, treatment, rate, self_assessed if collection == "purchases" else 0, draw(texts))


@st.composite
def documents(draw: st.DrawFn, position: int, states: Sequence[str]) -> Document:
    """A document whose id is its position in the month."""
    collection = draw(st.sampled_from(("sales", "purchases")))
    state = draw(st.sampled_from(states))
    return Document(
        str(position),
        collection,
        draw(st.sampled_from(("INVOICE", "CREDIT_NOTE"))),
        number=None if state == "draft" else f"F26{position:04}",
        day=draw(st.integers(1, 31)),
        party_id=draw(st.sampled_from(("1", "2", "3"))),
        lines=tuple(draw(st.lists(lines(collection), min_size=1, max_size=3))),
        state=state,
        reasons=[("net_differs", draw(texts))] if state == "held" else [],
        original_id=draw(st.none() | st.just("0")),
        payment_reference=draw(st.none() | texts),
        supplier_number=draw(st.none() | texts),
    )


@st.composite
def months(
    draw: st.DrawFn, states: Sequence[str] = ("exported", "exported", "held", "draft", "deleted"), most: int = 6
) -> MonthBooks:
    """The books of a small month; the third party is in no list of parties."""
    count = draw(st.integers(0, most))
    parties = [Party(number, draw(texts), kind) for number in ("1", "2") for kind in ("client", "supplier")]
    return build([draw(documents(position, states)) for position in range(count)], parties)
