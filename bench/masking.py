"""How well free text is masked before it is stored: recall and precision on labelled Vietnamese texts, by half and by kind.

The tuning half was looked at while the patterns were written; the held-out half, other sentences and other numbers by the same hand,
was written before it was first measured (one of its texts then led to a change: a letter O in place of a nought). Forms that came
later (numbers that look like sums, passports, colons between digits) were written down in both halves before the patterns were
changed. Of another 76 texts (other signs for digits, words among digits, odd signs between them) a quarter of the secrets was missed:
they joined the tuning half, and 50 new ones were held out (two innocent ones of them then led to a change: sums that are reckoned). A
secret counts as found when none of its letters and digits is left. What was masked and touches no secret is wrong: a date, a fee, a law.
"""

import re
from collections import Counter
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from surveys.privacy import SIGNS, clean, covered

TEXTS = Path(__file__).with_name("masking_texts.tsv")
TUNING, HELD_OUT = "tuning", "held-out"
KINDS = ("cccd", "cmnd", "phone", "mail", "account", "plate", "passport")
_LABEL = re.compile(r"\{\{(\w+)\|(.*?)\}\}")
_SIGNS = frozenset(SIGNS.values())


@dataclass(frozen=True)
class Labelled:
    """A text and where its secrets are: kind, first position, position after the last."""

    half: str
    text: str
    secrets: tuple[tuple[str, int, int], ...]


@dataclass(frozen=True)
class Score:
    """Secrets found and missed; spans that were masked for nothing."""

    found: int
    missed: int
    wrong: int

    @property
    def recall(self) -> float:
        """Of the secrets, the share that is gone."""
        return self.found / (self.found + self.missed)

    @property
    def precision(self) -> float:
        """Of what was masked, the share that was a secret."""
        return self.found / (self.found + self.wrong)


def texts() -> list[Labelled]:
    """All labelled texts."""
    rows = (line.split("\t") for line in TEXTS.read_text(encoding="utf-8").splitlines() if not line.startswith("#"))
    return [_labelled(half, clean(marked)) for half, marked in rows]


def _labelled(half: str, marked: str) -> Labelled:
    text, secrets, end = "", [], 0
    for label in _LABEL.finditer(marked):
        text += marked[end : label.start()]
        secrets.append((label.group(1), len(text), len(text) + len(label.group(2))))
        text += label.group(2)
        end = label.end()
    return Labelled(half, text + marked[end:], tuple(secrets))


def judged(item: Labelled) -> tuple[list[str], list[str], list[str]]:
    """Kinds of the secrets that were found and of those that were missed, and innocent parts that were masked."""
    after = covered(item.text)
    found, missed = [], []
    for kind, start, end in item.secrets:
        left = [letter for letter in after[start:end] if letter.isalnum()]
        (missed if left else found).append(kind)
    wrong, place = [], 0
    for sign, letters in groupby(after, key=lambda letter: letter in _SIGNS):
        length = len(list(letters))
        if sign and not any(start < place + length and place < end for _, start, end in item.secrets):
            wrong.append(item.text[place : place + length])
        place += length
    return found, missed, wrong


def scores(half: str) -> dict[str, Score]:
    """By kind, and ``all``; what was masked for nothing counts for ``all`` only."""
    found: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    wrong = 0
    for item in texts():
        if item.half == half:
            right, lost, innocent = judged(item)
            found.update(right)
            missed.update(lost)
            wrong += len(innocent)
    each = {kind: Score(found[kind], missed[kind], 0) for kind in KINDS}
    return each | {"all": Score(found.total(), missed.total(), wrong)}


def lines() -> list[str]:
    """What ``make bench`` prints."""
    said = []
    for half in (TUNING, HELD_OUT):
        number = sum(item.half == half for item in texts())
        result = scores(half)
        kinds = ", ".join(f"{kind} {result[kind].recall:.3f}" for kind in KINDS)
        said.append(
            f"masking {half:8} {number} texts: precision {result['all'].precision:.3f}, recall {result['all'].recall:.3f} ({kinds})"
        )
    return said
