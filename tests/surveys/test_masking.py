"""Masking measured on labelled texts (``bench/masking.py``)."""

import re

from bench import masking
from surveys import privacy


def test_the_texts_are_enough_and_of_every_kind() -> None:
    texts = masking.texts()
    assert len(texts) >= 300
    for half in (masking.TUNING, masking.HELD_OUT):
        kinds = [kind for item in texts if item.half == half for kind, _, _ in item.secrets]
        assert all(kinds.count(kind) >= 8 for kind in masking.KINDS), half
        innocent = [item for item in texts if item.half == half and not item.secrets and re.search(r"\d", item.text)]
        assert len(innocent) >= 50, half


def test_hardly_any_number_or_mail_is_stored_and_hardly_any_story_is_lost() -> None:
    for half in (masking.TUNING, masking.HELD_OUT):
        result = masking.scores(half)
        assert result["all"].recall >= 0.98, (half, masking.lines())
        assert result["all"].precision >= 0.95, (half, masking.lines())
        assert all(result[kind].recall >= 0.95 for kind in masking.KINDS), masking.lines()


def test_the_measure_sees_what_is_left() -> None:
    """A secret of which one digit is left counts as missed; a masked date counts as wrong."""
    text = "gọi 0912345678 ngày 18/11/2026"
    secret = ("phone", 4, 14)
    item = masking.Labelled("", text, (secret,))
    assert masking.judged(item) == (["phone"], [], [])
    shifted = masking.Labelled("", text, (("phone", 4, 15), ("phone", 20, 30)))
    found, missed, _ = masking.judged(shifted)
    assert (found, missed) == (["phone"], ["phone"])
    assert masking.judged(masking.Labelled("", text, ()))[2] == ["0912345678"]


def test_masking_a_masked_text_changes_nothing() -> None:
    for item in masking.texts():
        once = privacy.mask(item.text)
        assert privacy.mask(once) == once, item.text
