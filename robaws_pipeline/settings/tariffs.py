"""VAT tariffs: what each means for the books, and the names that mean the same at every company."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, model_validator

from robaws_pipeline.settings.model import Model, Rate

Treatment = Literal[
    "standard",
    "reverse_charge",
    "intra_community_goods",
    "intra_community_services",
    "import_reverse_charge",
    "export",
    "exempt",
    "outside_scope",
    "margin_scheme",
]
"""What a VAT tariff means for the books."""

Nature = Literal["goods", "services", "investment"]
"""What was bought, as the VAT return tells it apart (grids 81, 82 and 83)."""

SELF_ASSESSED: frozenset[Treatment] = frozenset(
    {"reverse_charge", "intra_community_goods", "intra_community_services", "import_reverse_charge"}
)
"""On purchases, the VAT of these is due and deducted by ourselves."""


class Tariff(Model):
    """What one VAT tariff of Robaws means for the books."""

    treatment: Treatment
    rate: Rate = Decimal(0)
    """Percentage charged on the document."""
    self_assessed_rate: Rate | None = None
    """Purchases: percentage that we owe and deduct ourselves. Without it a purchase with this tariff is held."""
    nature: Nature | None = None
    """Purchases: what was bought, where the tariff says it; else the line's account does."""
    deductible: Rate | None = None
    """Purchases: percentage of the VAT that may be deducted, where the tariff says it; else the line's account does."""
    exemption_reason: str | None = None
    """Text on the invoice that says why no VAT is charged; a default for the treatment when left out."""

    exemption_code: Annotated[str, Field(pattern=r"^VATEX-[A-Z]{2}-[0-9A-Z-]+$")] | None = None
    """Code of the exemption (VATEX list of EN 16931) for treatments exempt and margin_scheme."""

    @model_validator(mode="after")
    def _rates_fit_the_treatment(self) -> "Tariff":
        if self.treatment != "standard" and self.rate:
            raise ValueError(f"treatment {self.treatment} charges no VAT: set rate = 0")
        if self.self_assessed_rate and self.treatment not in SELF_ASSESSED:
            raise ValueError(f"self_assessed_rate has no meaning for treatment {self.treatment}: leave it out")
        if self.exemption_code and self.treatment not in {"exempt", "margin_scheme"}:
            raise ValueError(f"the code of treatment {self.treatment} is fixed: leave exemption_code out")
        return self


def _tariffs() -> dict[str, Tariff]:
    standard = {str(rate): Tariff(treatment="standard", rate=Decimal(rate)) for rate in (21, 12, 6)}
    percent = {f"{rate}%": tariff for rate, tariff in standard.items()}
    spaced = {f"{rate} %": tariff for rate, tariff in standard.items()}
    verlegd = Tariff(treatment="reverse_charge", self_assessed_rate=Decimal(21))
    goods = Tariff(treatment="intra_community_goods", self_assessed_rate=Decimal(21))
    services = Tariff(treatment="intra_community_services", self_assessed_rate=Decimal(21))
    export = Tariff(treatment="export")
    exempt = Tariff(treatment="exempt")
    outside = Tariff(treatment="outside_scope")
    margin = Tariff(treatment="margin_scheme")
    names = {
        "verlegd": verlegd,
        "btw verlegd": verlegd,
        "medecontractant": verlegd,
        "cocontractant": verlegd,
        "autoliquidation": verlegd,
        "intracommunautaire levering": goods,
        "livraison intracommunautaire": goods,
        "ic goederen": goods,
        "ic diensten": services,
        "prestation intracommunautaire": services,
        "intracommunautaire dienst": services,
        "export": export,
        "uitvoer": export,
        "exportation": export,
        "vrijgesteld": exempt,
        "exonéré": exempt,
        "buiten btw": outside,
        "niet onderworpen": outside,
        "non soumis": outside,
        "marge": margin,
        "margeregeling": margin,
        "régime de la marge": margin,
    }
    return {**standard, **percent, **spaced, **names}


DEFAULT_TARIFFS: Mapping[str, Tariff] = _tariffs()
"""Tariff names that mean the same at every Belgian company, in lower case. `geen`, `0` and the like are not among
them: they mean different things at different companies, so a document that uses one is held until it is mapped."""
