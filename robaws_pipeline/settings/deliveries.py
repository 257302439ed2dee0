"""How documents are handed to the accountant."""

from string import Formatter
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from robaws_pipeline.settings.model import Model

MARK_TEXT = ("number", "date", "year", "company")
"""What stands between braces in the text of a mark."""


def _mark_text(text: str) -> str:
    try:
        parts = list(Formatter().parse(text))
    except ValueError as error:
        raise ValueError(f"{error}; write a brace that is meant twice: {{{{ or }}}}") from None
    for _, name, spec, conversion in parts:
        if name is not None and (name not in MARK_TEXT or spec or conversion):
            raise ValueError(f"there is no {{{name}}}, only {', '.join(f'{{{known}}}' for known in MARK_TEXT)}")
    if not text.strip():
        raise ValueError("it is empty, which is no mark")
    return text


class Mark(Model):
    """What is written to Robaws about a delivered document."""

    field: Annotated[str, Field(min_length=1)]
    """The extra field of invoices, by its name in Robaws; it must be there already, and be nobody else's."""
    kind: Literal["checkbox", "date", "text"] = "checkbox"
    """What the field is in Robaws: ticked, filled with the delivery's date, or with `text`."""
    text: Annotated[str, AfterValidator(_mark_text)] = "{year}-{number}"
    """Of a text field: {number} of the delivery in four digits, {date} and {year} of it, {company}, its key."""
    collections: Annotated[tuple[Literal["sales", "purchases"], ...], Field(min_length=1)] = ("sales", "purchases")
    """Which documents are marked."""


class Deliveries(Model):
    """How documents are handed to the accountant, each once, and what happens to those that change afterwards."""

    changes: Literal["report", "reverse"] = "report"
    """`report`: a later change is listed, for correction by hand. `reverse`: the files take the old entry back and book
    the new one."""
    formats: tuple[str, ...] | None = None
    """Which of the company's formats; when left out, all that are made of documents."""
    schedule: Literal["off", "nightly", "weekly", "monthly"] = "off"
    """When a delivery is made by itself. `monthly`: all documents dated up to the end of the month before."""
    at: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] = "06:00"
    """Local time of a weekly or monthly delivery, HH:MM."""
    weekday: Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] = "monday"
    day: Annotated[int, Field(ge=1, le=28)] = 5
    """Of the month, for a monthly delivery."""
    most_corrections: Annotated[int, Field(ge=0)] = 100
    """How many delivered documents one delivery may correct or take out without being told to: more are a changed
    setting rather than the work of people."""
    contact: str | None = None
    """Whom the accountant asks, on the cover sheet; `email` when left out."""
    notify_command: tuple[str, ...] = ()
    """Program and arguments, run when a delivery is ready or documents are held; what happened comes as JSON on its
    standard input."""
    notify_url: Annotated[str, Field(pattern=r"^https?://")] | None = None
    """Address that the same JSON is sent to."""
    mark: Mark | None = None
    """How delivered documents are marked in Robaws; nothing is written there when left out."""
