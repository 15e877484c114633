"""Standard names of papers found in what officers write and in component names of the catalogue. Pure, but for the file beside it.

A text is taken apart into words, abbreviations are written out, and its letters are laid in one row without blanks, so that glued and
torn words do not matter. Phrases are found there exactly, longest first, then with few wrong letters (rapidfuzz). Tone marks decide
where both sides have them: ``chứng tử`` is no ``chứng từ``. Behind the name of a form, what follows is what the form is about.
What fits nothing stays unmatched.
"""

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml
from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA, Levenshtein

SEED = Path(__file__).with_name("standard_components.yaml")
LEAST_FUZZY = 8  # letters of a phrase that may be misspelt; of shorter ones too little is left
CUTOFF = 87.0  # of likeness, to look closer
SLIPS = 8  # letters to one slip: a wrong letter, one too many, one missing, two exchanged
LONGEST_SYLLABLE = 7  # of Vietnamese: a longer word is several, written together
KEY = 3  # letters by which phrases are looked up; no phrase has fewer
LONGEST = 600  # letters of a text that are read: what comes later are conditions and notes
GAP = "…"
MARKS = {"\u0300": "f", "\u0301": "s", "\u0303": "r", "\u0309": "r", "\u0323": "j"}  # hook and tilde are one: often confused
SHAPES = {"\u0306", "\u0302", "\u031b"}  # breve, circumflex, horn
JOINTS = frozenset(("va", "kem", "hoac", "voi", "cung"))  # words between two papers
FORMER = frozenset(("kieu", "tru", "ngoai"))  # before something that is not asked for
NOUNS = frozenset(  # first words of papers' names
    re.findall(r"\w+", "giay the so phieu ban bang chung trich quyet van hop anh can bien bao danh don to hoa ma ca hoc dieu xac")
)
_PIECE = re.compile("[^\\W_](?:[^\\W_]|[\u0300-\u036f])*")
_BREAK = re.compile(r"[;,+/\n()\-–•:|&]|\.\s|\\n|\d[.)]")
_FREE = re.compile(f"[^#]{{{LEAST_FUZZY - 1},}}")
_SEAM = re.compile(r"(?<=[^\W\dA-ZĐ_])(?=[A-ZĐ])")


@dataclass(frozen=True)
class Standard:
    """A standard component as far as matching needs it. ``head``: what follows it in a phrase is its subject; ``exact``: no slips."""

    code: str
    aliases: tuple[str, ...]
    head: bool = False
    exact: bool = False


@dataclass(frozen=True)
class Match:
    """One paper found: its standard code and where in the text, from ``start`` up to ``end`` (letters of the text as given)."""

    code: str
    start: int
    end: int
    exact: bool


@dataclass(frozen=True)
class _Phrase:
    code: str  # empty: a decoy
    letters: str
    words: tuple[tuple[int, int, str], ...]  # first letter, letter after the last, marks
    head: bool
    noun: bool
    exact: bool
    gap: "re.Pattern[str] | None" = None


@dataclass
class _Row:
    """A text's letters in a row. ``at``, ``ends``: where in the text each letter stands; ``marks``: what stands on it; ``starts``: first
    letters of words; ``joints``: letters before which one paper ends and another begins."""

    letters: str = ""
    at: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    marks: list[str] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    joints: list[int] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    toned: bool = False


@lru_cache(maxsize=20_000)
def spell(word: str) -> tuple[str, tuple[str, ...]]:
    """A word's letters without marks, and the marks of each."""
    letters = ""
    marks: list[str] = []
    for sign in unicodedata.normalize("NFD", word.casefold().replace("đ", "d\u0335")):
        if not unicodedata.combining(sign):
            letters += sign
            marks.append("")
        elif marks:
            marks[-1] += MARKS.get(sign, sign if sign in SHAPES or sign == "\u0335" else "")
    return letters, tuple(marks)


@cache
def seed() -> dict[str, Any]:
    """The file beside this module: ``components``, ``decoys``, ``abbreviations``."""
    found: dict[str, Any] = yaml.safe_load(SEED.read_text(encoding="utf-8"))
    return found


class Matcher:
    """``decoys``: phrases that look like a paper and are none; ``abbreviations``: short to long."""

    def __init__(
        self,
        standards: Iterable[Standard],
        decoys: Iterable[str] = (),
        abbreviations: Mapping[str, str] | None = None,
    ) -> None:
        self._short = {spell(short)[0]: _PIECE.findall(unicodedata.normalize("NFC", long)) for short, long in (abbreviations or {}).items()}
        phrases = [self._phrase(standard, alias) for standard in standards for alias in standard.aliases]
        phrases += [self._phrase(Standard("", (), exact=True), decoy) for decoy in decoys]
        self._gaps = [phrase for phrase in phrases if phrase.gap]
        self._phrases = sorted((phrase for phrase in phrases if not phrase.gap), key=lambda p: (-len(p.letters), p.letters, p.code))
        self._by_key: dict[str, list[_Phrase]] = {}
        for phrase in self._phrases:
            self._by_key.setdefault(phrase.letters[:KEY], []).append(phrase)
        self._fuzzy = [phrase for phrase in self._phrases if not phrase.exact and len(phrase.letters) >= LEAST_FUZZY]
        self._fuzzy_letters = [phrase.letters for phrase in self._fuzzy]
        self._fuzzy_sizes = [-len(phrase.letters) for phrase in self._fuzzy]

    def match(self, text: str) -> tuple[Match, ...]:
        """The papers that a text names, in its order, each standard code once."""
        row = self._row(unicodedata.normalize("NFC", text)[:LONGEST])
        free = list(row.letters)
        found = list(self._exact(row, free))
        found += self._inexact(row, free)
        found.sort(key=lambda item: item[0])
        named = self._papers(row, found)
        named += self._with_gap(row, named)
        unique: dict[str, Match] = {}
        for start, end, phrase, exact in sorted(named, key=lambda item: item[0]):
            unique.setdefault(phrase.code, Match(phrase.code, row.at[start], row.ends[end - 1], exact))
        defect = unique.pop("form_defect", None)
        if defect is not None and not (unique.keys() - {"application"}):
            return (defect,)  # what is wrong with the form, and not the form, is what is asked for
        return tuple(unique.values())

    def _phrase(self, standard: Standard, alias: str) -> _Phrase:
        if GAP in alias:
            row = [self._row(part) for part in alias.split(GAP)]
            pattern = re.compile(row[0].letters + ".{0,45}?" + row[1].letters)
            return _Phrase(standard.code, row[0].letters, (), standard.head, True, True, pattern)
        row_ = self._row(alias)
        ends = [*row_.starts[1:], len(row_.letters)]
        words = tuple((start, end, "".join(row_.marks[start:end])) for start, end in zip(row_.starts, ends, strict=True))
        noun = row_.words[0] in NOUNS
        return _Phrase(standard.code, row_.letters, words, standard.head, noun, standard.exact)

    def _row(self, text: str) -> _Row:
        row = _Row()
        pauses = sorted({*(match.end() for match in _BREAK.finditer(text)), *(match.start() for match in _SEAM.finditer(text))})
        toned = total = 0
        last = 0
        for piece in self._pieces(text):
            start, word = piece
            letters, marks = spell(word)
            if bisect_right(pauses, start) > last:
                last = bisect_right(pauses, start)
                row.joints.append(len(row.letters))
            if letters in JOINTS:
                row.joints.append(len(row.letters))
            for out, out_marks in self._written_out(letters, marks):
                row.starts.append(len(row.letters))
                row.words.append(out)
                row.letters += out
                row.marks += out_marks
                own = out == letters
                row.at += [start + number if own else start for number in range(len(out))]
                row.ends += [start + number + 1 if own else start + len(word) for number in range(len(out))]
            total += 1
            toned += any(marks)
        row.toned = toned * 3 > total
        return row

    @staticmethod
    def _pieces(text: str) -> Iterable[tuple[int, str]]:
        for match in _PIECE.finditer(text):
            cuts = [match.start(), *(seam.start() for seam in _SEAM.finditer(text, match.start(), match.end())), match.end()]
            for start, end in pairwise(cuts):
                if end > start:
                    yield start, text[start:end]

    def _written_out(self, letters: str, marks: tuple[str, ...]) -> list[tuple[str, tuple[str, ...]]]:
        parts = self._short_parts(letters)
        if not parts:
            return [(letters, marks)]
        return [(spell(word)[0], ("",) * len(spell(word)[0])) for part in parts for word in self._short[part]]

    def _short_parts(self, letters: str) -> list[str]:
        """The abbreviations that a word consists of: ``gcnqsdd`` is two. A string of them has no vowel, a word has."""
        if letters in self._short:
            return [letters]
        if len(letters) < 4 or any(vowel in letters for vowel in "aeiouy"):
            return []
        for size in range(len(letters) - 2, 1, -1):
            if letters[:size] in self._short and (rest := self._short_parts(letters[size:])):
                return [letters[:size], *rest]
        return []

    def _exact(self, row: _Row, free: list[str]) -> Iterable[tuple[int, int, _Phrase, bool]]:
        hits = [
            (phrase, start)
            for start in range(len(row.letters) - KEY + 1)
            for phrase in self._by_key.get(row.letters[start : start + KEY], ())
            if row.letters.startswith(phrase.letters, start)
        ]
        for phrase, start in sorted(hits, key=lambda hit: (-len(hit[0].letters), hit[1], hit[0].letters, hit[0].code)):
            end = start + len(phrase.letters)
            if "#" not in free[start:end] and self._bounded(row, start, end) and not self._clash(row, start, phrase):
                free[start:end] = "#" * (end - start)
                yield start, end, phrase, True

    @staticmethod
    def _bounded(row: _Row, start: int, end: int) -> bool:
        """Begins and ends with a word, or within what is too long for one."""

        def edge(place: int) -> bool:
            index = bisect_right(row.starts, place) - 1
            first = row.starts[index]
            after = row.starts[index + 1] if index + 1 < len(row.starts) else len(row.letters)
            return place == first or after - first > LONGEST_SYLLABLE

        return edge(start) and (end == len(row.letters) or edge(end))

    @staticmethod
    def _clash(row: _Row, start: int, phrase: _Phrase) -> bool:
        """Whether written marks say that these are other words: one in four may be misspelt."""
        clashes = 0
        for first, after, marks in phrase.words:
            written = "".join(row.marks[start + first : start + after])
            if written != marks and (written or (row.toned and len(phrase.words) == 1 and len(phrase.letters) < LEAST_FUZZY)):
                clashes += 1
        return clashes > len(phrase.words) // 4

    def _inexact(self, row: _Row, free: list[str]) -> list[tuple[int, int, _Phrase, bool]]:
        """Misspelt phrases in the stretches in which nothing was found; the likeliest first."""
        found: list[tuple[int, int, _Phrase, bool]] = []
        waiting = [(match.start(), match.end()) for match in _FREE.finditer("".join(free))]
        while waiting:
            first, after = waiting.pop()
            best = self._likeliest(row, first, row.letters[first:after])
            if best is not None:
                start, end, phrase = best
                found.append((start, end, phrase, False))
                waiting += [span for span in ((first, start), (end, after)) if span[1] - span[0] >= LEAST_FUZZY - 1]
        return found

    def _likeliest(self, row: _Row, first: int, letters: str) -> tuple[int, int, _Phrase] | None:
        best: tuple[float, int, tuple[int, int, _Phrase]] | None = None
        fitting = self._fuzzy_letters[bisect_left(self._fuzzy_sizes, -len(letters) - 1) :]  # the longest phrases stand first
        skipped = len(self._fuzzy_letters) - len(fitting)
        for _, _, index in process.extract(letters, fitting, scorer=fuzz.partial_ratio, score_cutoff=CUTOFF, limit=None):
            phrase = self._fuzzy[skipped + index]
            place = fuzz.partial_ratio_alignment(phrase.letters, letters, score_cutoff=CUTOFF)
            if place is None:
                continue
            span = letters[place.dest_start : place.dest_end]
            if not _misspelt(phrase, span) or not self._near_word(row, first + place.dest_start):
                continue
            rank = (place.score + len(phrase.letters) / 10, -place.dest_start, (first + place.dest_start, first + place.dest_end, phrase))
            if best is None or rank[:2] > best[:2]:
                best = rank
        return None if best is None else best[2]

    @staticmethod
    def _near_word(row: _Row, place: int) -> bool:
        index = bisect_right(row.starts, place + 1) - 1
        first = row.starts[index]
        after = row.starts[index + 1] if index + 1 < len(row.starts) else len(row.letters)
        return abs(place - first) <= 1 or after - first > LONGEST_SYLLABLE

    def _papers(self, row: _Row, found: list[tuple[int, int, _Phrase, bool]]) -> list[tuple[int, int, _Phrase, bool]]:
        """Without decoys, what is excepted, and what stands behind a form's name as its subject."""
        kept: list[tuple[int, int, _Phrase, bool]] = []
        head_end: int | None = None
        for item in found:
            start, end, phrase, _ = item
            if not phrase.code:
                continue
            word = bisect_right(row.starts, start) - 1
            if word > 0 and row.words[word - 1] in FORMER:
                continue
            if head_end is not None and phrase.code != "form_defect":
                joint = bisect_right(row.joints, start) - 1
                apart = joint >= 0 and row.joints[joint] >= head_end
                if not apart or not phrase.noun:
                    continue
            if phrase.head:
                head_end = end
            kept.append(item)
        return kept

    def _with_gap(self, row: _Row, named: list[tuple[int, int, _Phrase, bool]]) -> list[tuple[int, int, _Phrase, bool]]:
        if named:
            return []  # what has a name of its own is that
        for phrase in self._gaps:
            place = phrase.gap.search(row.letters) if phrase.gap else None
            if place and self._bounded(row, place.start(), place.end()):
                return [(place.start(), place.end(), phrase, True)]
        return []


def _misspelt(phrase: _Phrase, span: str) -> bool:
    """Whether a stretch of letters is the phrase with a few slips, and in no word so many that it may be another."""
    slips = OSA.distance(phrase.letters, span)
    if not 0 < slips <= max(1, len(phrase.letters) // SLIPS):
        return False  # without slips it was found before, and its marks said that it is another
    if slips == 1 and sorted(phrase.letters) == sorted(span):
        return True  # two letters exchanged
    places = [op.src_pos for op in Levenshtein.editops(phrase.letters, span)]
    return all(sum(first <= place < after for place in places) <= (after - first) // 3 for first, after, _ in phrase.words)


@cache
def standard_matcher() -> Matcher:
    """The matcher of the components known from the start."""
    data = seed()
    standards = (
        Standard(item["code"], tuple(item["aliases"]), item.get("head", False), item.get("exact", False)) for item in data["components"]
    )
    return Matcher(standards, data["decoys"], data["abbreviations"])
