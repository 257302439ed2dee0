"""What Robaws should say of each document that was ever delivered: marked as long as it is in the accounts."""

from collections.abc import Sequence
from dataclasses import dataclass

from robaws_pipeline.deliveries.entries import Key
from robaws_pipeline.deliveries.manifest import Manifest
from robaws_pipeline.deliveries.standing import standing
from robaws_pipeline.settings import Mark

Value = bool | str | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """The value that the extra field of a document should have, and the number of the link that says so."""

    value: Value
    """True or False of a checkbox; a text, or YYYY-MM-DD; None is empty."""
    link: int

    @property
    def sets(self) -> bool:
        """Whether the document is marked, and not its mark taken away."""
        return bool(self.value)


def wanted(series: Sequence[Manifest], mark: Mark) -> dict[Key, Wanted]:
    """Every document of these links that is of the marked collections. Of one that is in the accounts, the value for
    the delivery that has it as it is there now; of one that was taken out, or of which the only delivery was
    withdrawn, the value of no mark."""
    numbered = {manifest.number: manifest for manifest in series}
    last: dict[Key, int] = {}
    for manifest in series:
        source = manifest if manifest.withdraws is None else numbered[manifest.withdraws]
        for document in source.documents:
            last[document.key] = manifest.number
    in_the_accounts = standing(series).documents
    found = {}
    for key, link in last.items():
        if key[0] in mark.collections:
            was = in_the_accounts.get(key)
            found[key] = Wanted(_no_mark(mark) if was is None else value(numbered[was.delivery], mark), link)
    return found


def value(delivery: Manifest, mark: Mark) -> str | bool:
    """What marks a document of this delivery."""
    if mark.kind == "checkbox":
        return True
    if mark.kind == "date":
        return delivery.date
    known = {"number": f"{delivery.number:04}", "date": delivery.date, "year": delivery.date[:4]}
    return mark.text.format(company=delivery.company, **known).strip()


def _no_mark(mark: Mark) -> Value:
    return False if mark.kind == "checkbox" else None
