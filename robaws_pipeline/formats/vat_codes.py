"""VAT codes of accountants' programs: which code stands for which treatment, rate and nature.

Each program has its own, and each company may have more; a format has defaults where somebody published them, and the
settings go before.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Literal, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from robaws_pipeline.formats.lookups import document_keys, lookup
from robaws_pipeline.schema import RATE
from robaws_pipeline.settings import FormatSettings, Nature, Rate, Treatment

KEYS = ("collection", "type", "treatment", "rate", "nature", "deductible")
"""What a code depends on. The rate is the one charged; where none is, the one that we owe ourselves."""


class VatCode(FormatSettings):
    """One VAT code of a program and what it stands for."""

    collection: Literal["sales", "purchases"]
    treatment: Treatment
    rate: Rate = Decimal(0)
    """Percentage charged, or on purchases the one that we owe ourselves."""
    nature: Nature | None = None
    """Purchases: what was bought; any when left out."""
    deductible: Rate = Decimal(100)
    """Purchases: percentage of the VAT that may be deducted."""
    type: Literal["INVOICE", "CREDIT_NOTE"] | None = None
    """Invoices or credit notes only; both when left out."""
    code: Annotated[str, Field(pattern=r"^[0-9A-Za-z.\-]{0,10}$")]
    """As the program has it; empty where the program needs none."""

    def fits(self, combination: "Combination") -> bool:
        """Whether the code is for this."""
        return (
            (self.collection, self.treatment, self.rate)
            == (combination.collection, combination.treatment, combination.rate)
            and self.type in {None, combination.type}
            and self.nature in {None, combination.nature}
            and self.deductible == (Decimal(100) if combination.deductible is None else combination.deductible)
        )


class Combination(NamedTuple):
    """What a document has VAT of: the values of `KEYS`."""

    collection: str
    type: str
    treatment: str
    rate: Decimal
    nature: str | None
    deductible: Decimal | None

    def __str__(self) -> str:
        parts = [self.collection, self.treatment.replace("_", " "), f"{self.rate.normalize():f} %"]
        if self.nature is not None:
            parts.append(self.nature)
        if self.deductible not in {None, Decimal(100)}:
            parts.append(f"{self.deductible.normalize():f} % deductible")
        return f"{', '.join(parts)} ({self.type.replace('_', ' ').lower()})"


def code_for(combination: Combination, codes: Sequence[VatCode]) -> str | None:
    """The code of the first that fits; None when nobody said."""
    return next((code.code for code in codes if code.fits(combination)), None)


def keyed(vat: pa.Table, states: pa.Table) -> pa.Table:
    """Rows of `schema.VAT` with the document's `type`, and the `rate` as codes count it (see `KEYS`)."""
    types = lookup(document_keys(vat), document_keys(states), states["type"])
    counted = pc.if_else(pc.equal(vat["rate"], pa.scalar(Decimal(0), RATE)), vat["self_assessed_rate"], vat["rate"])
    position = vat.schema.get_field_index("rate")
    return vat.set_column(position, "rate", counted).append_column("type", types)


def found(rows: pa.Table, codes: Sequence[VatCode]) -> pa.Table:
    """Each combination in `rows` (see `keyed`): `KEYS`, its `code` (null: nobody said) and its `name` in words."""
    combinations = rows.select(KEYS).group_by(list(KEYS)).aggregate([]).select(KEYS)
    known = [Combination(**row) for row in combinations.to_pylist()]
    return combinations.append_column(
        "code", pa.array([code_for(combination, codes) for combination in known], pa.string())
    ).append_column("name", pa.array([str(combination) for combination in known], pa.string()))
