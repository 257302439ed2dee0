"""What the documents of one month share. Parties, tariffs and units are decided once each."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from robaws_pipeline.formats.ubl.categories import Meaning, meaning
from robaws_pipeline.formats.ubl.findings import Held
from robaws_pipeline.formats.ubl.model import Original, References
from robaws_pipeline.formats.ubl.parties import Ours, PartyRow, Theirs, ours, theirs
from robaws_pipeline.formats.ubl.settings import Contact, UblSettings
from robaws_pipeline.formats.ubl.units import unit_code
from robaws_pipeline.settings import Company

T = TypeVar("T")

Collection = Literal["sales", "purchases"]


@dataclass(slots=True)
class Month:
    """The month of one collection: on sales we are the seller, on purchases the buyer."""

    collection: Collection
    company: Company
    settings: UblSettings
    parties: Mapping[str, PartyRow]
    payment_conditions: Mapping[str, str | None]
    originals: Mapping[str, Original]
    references: Mapping[str, References]
    """By document id; of those that have any."""
    _ours: Ours | Held | None = None
    _theirs: dict[str, Theirs | Held] = field(default_factory=dict)
    _units: dict[str | None, str | None] = field(default_factory=dict)
    _meanings: dict[tuple[str | None, str | None], Meaning | None] = field(default_factory=dict)

    @property
    def is_purchases(self) -> bool:
        """Whether we are the buyer."""
        return self.collection == "purchases"

    def ours(self) -> Ours:
        """Our own company; held when its data are wrong."""
        if self._ours is None:
            try:
                # Whom to ask is for customers.
                self._ours = ours(self.company, Contact() if self.is_purchases else self.settings.contact)
            except Held as held:
                self._ours = held
        return _or_raise(self._ours)

    def theirs(self, party_id: str | None) -> Theirs:
        """A customer or supplier; held when it is not known or its data are wrong."""
        code, letter = ("ubl_supplier", "S") if self.is_purchases else ("ubl_customer", "C")
        if party_id is None:
            raise Held(code, "")
        if party_id not in self._theirs:
            row = self.parties.get(party_id)
            if row is None:
                raise Held(code, f"{letter}{party_id}")
            try:
                self._theirs[party_id] = theirs(row)
            except Held as held:
                self._theirs[party_id] = held
        return _or_raise(self._theirs[party_id])

    def unit(self, typed: str | None) -> str | None:
        """The code of a unit as typed; None when it is not known."""
        if typed not in self._units:
            self._units[typed] = unit_code(typed, self.settings.units)
        return self._units[typed]

    def meaning(self, tariff_id: str | None, name: str | None) -> Meaning | None:
        """The category of a VAT tariff; None when the settings do not map it."""
        key = (tariff_id, name)
        if key not in self._meanings:
            tariff = self.company.tariff(tariff_id, name)
            self._meanings[key] = None if tariff is None else meaning(tariff, purchase=self.is_purchases)
        return self._meanings[key]


def _or_raise(verdict: T | Held) -> T:
    if isinstance(verdict, Held):
        raise Held(verdict.code, verdict.detail)  # a new one: raising the kept one again would grow its traceback
    return verdict
