"""What the accountant has: what the series of deliveries and withdrawals adds up to."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from robaws_pipeline.deliveries.entries import Entry, Key
from robaws_pipeline.deliveries.manifest import CURRENT, Document, Manifest, Was


@dataclass(slots=True)
class Standing:
    """The documents in the accounts, as the accountant was told last."""

    documents: dict[Key, Was] = field(default_factory=dict)
    known: set[Key] = field(default_factory=set)
    """Every document that ever was in the accounts, taken out again or not."""

    def take(self, manifest: Manifest) -> None:
        """Add what one delivery says."""
        for document in manifest.documents:
            self.known.add(document.key)
            if document.action in CURRENT:
                self.documents[document.key] = told(document, manifest.number)
            else:
                self.documents.pop(document.key, None)


def told(document: Document, delivery: int) -> Was:
    """What a delivery says of a document, for those that come after."""
    values = {name: getattr(document, name) for name in Entry.__struct_fields__}
    return Was(**values, delivery=delivery, entry=document.entry)


def withdrawn(manifests: Iterable[Manifest]) -> set[int]:
    """The numbers of the deliveries that were withdrawn."""
    return {manifest.withdraws for manifest in manifests if manifest.withdraws is not None}


def standing(manifests: Sequence[Manifest]) -> Standing:
    """What the accounts have after these links, the first one first."""
    gone = withdrawn(manifests)
    found = Standing()
    for manifest in manifests:
        if manifest.kind == "delivery" and manifest.number not in gone:
            found.take(manifest)
    return found


def last_delivery(manifests: Sequence[Manifest]) -> Manifest | None:
    """The last delivery that was not withdrawn."""
    gone = withdrawn(manifests)
    kept = [one for one in manifests if one.kind == "delivery" and one.number not in gone]
    return kept[-1] if kept else None
