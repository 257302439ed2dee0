"""What the UI shows of a reason: figures and places, never what somebody typed."""

import pytest

from robaws_pipeline.assets.metadata import without_texts
from robaws_pipeline.reasons import Language, phrases


@pytest.mark.parametrize("language", ["en", "nl", "fr"])
def test_what_somebody_typed_is_left_out_in_every_language(language: Language) -> None:
    """Whoever may look at runs need not know who the customers are."""
    says = phrases(language)
    unreadable = says["unreadable"].format("notes", '"Jan is not\nJanssens"', says["date_expected"])
    assert "Jan" not in without_texts(unreadable)
    assert "notes" in without_texts(unreadable)
    assert says["date_expected"] in without_texts(unreadable)
    party = says["about"].format(says["client"].format("'L'Oréal 'x''"), says["no_vat_number"])
    assert "Or" not in without_texts(party)
    assert says["no_vat_number"] in without_texts(party)
