"""Codes that people read and copy: no slip of the pen goes unnoticed."""

from hypothesis import given
from hypothesis import strategies as st

from surveys.codes import ALPHABET, PAPER, PLACE, derived, read_code, spoken

codes = st.builds(lambda length, number: derived("k", length, str(number)), st.sampled_from([PAPER, PLACE]), st.integers(0, 10**9))


def test_the_alphabet_has_no_look_alikes() -> None:
    assert len(set(ALPHABET)) == 23
    for alike in ("0O", "1IL", "2Z", "5S", "8B", "UV"):
        assert len(set(alike) & set(ALPHABET)) == 0, alike


@given(codes, st.data())
def test_one_wrong_sign_is_noticed(code: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(code) - 1))
    other = data.draw(st.sampled_from([sign for sign in ALPHABET if sign != code[place]]))
    assert read_code(code[:place] + other + code[place + 1 :], len(code)) is None


@given(codes, st.data())
def test_two_exchanged_signs_are_noticed(code: str, data: st.DataObject) -> None:
    first = data.draw(st.integers(0, len(code) - 2))
    second = data.draw(st.integers(first + 1, len(code) - 1))
    signs = list(code)
    signs[first], signs[second] = signs[second], signs[first]
    assert read_code("".join(signs), len(code)) == (code if code[first] == code[second] else None)


@given(codes)
def test_a_code_is_read_however_it_is_written(code: str) -> None:
    assert read_code(f" {spoken(code).lower()} ", len(code)) == code
    assert read_code(" ".join(code), len(code)) == code


@given(st.text(max_size=20))
def test_anything_may_be_typed(text: str) -> None:
    found = read_code(text, PAPER)
    assert found is None or (len(found) == PAPER and set(found) <= set(ALPHABET))


def test_codes_are_derived_and_differ_by_key_and_part() -> None:
    assert derived("k", PAPER, "batch", "1") == derived("k", PAPER, "batch", "1")
    assert len({derived("k", PAPER, "b", str(number)) for number in range(20_000)}) == 20_000
    assert derived("k", PAPER, "a", "b") != derived("other", PAPER, "a", "b") != derived("k", PAPER, "ab")
