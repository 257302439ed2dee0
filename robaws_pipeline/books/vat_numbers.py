"""May VAT be left off towards this VAT number?"""

from functools import lru_cache

from stdnum.eu import vat as eu_vat
from stdnum.util import clean


@lru_cache(maxsize=16_384)
def intra_community_problem(number: str, treatment: str, home: str) -> str | None:
    """What keeps `number` from carrying an intra-Community sale out of country `home` (ISO code); None when nothing.

    Told as the key of a phrase about it in `robaws_pipeline.reasons`.

    Country and check digits are checked, not whether the number is in use: that is for VIES, which is on the network.
    """
    prefix = clean(number, "").strip()[:2].upper()
    if prefix == ("EL" if home == "GR" else home):
        return "not_foreign"
    # EU and IM are numbers of one-stop-shop schemes: sellers', never customers'.
    if not eu_vat.is_valid(number) or prefix in {"EU", "IM"}:
        return "not_of_the_eu"
    # Northern Ireland is inside the single market for goods only.
    if prefix == "XI" and treatment != "intra_community_goods":
        return "northern_ireland"
    return None
