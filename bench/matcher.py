"""How well the matcher of papers does on labelled texts: precision and recall, by half.

The tuning half was looked at while phrases and thresholds were chosen; the held-out half, made from other names, other sentences and
other slips, was not. A text counts for each standard component that it names, or should.
"""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from procedures.matching import seed, standard_matcher

TEXTS = Path(__file__).with_name("matcher_texts.tsv")
TUNING, HELD_OUT = "tuning", "held-out"


@dataclass(frozen=True)
class Labelled:
    """A text and the standard components that it names (none: it names nothing that is known)."""

    half: str
    components: frozenset[str]
    kind: str
    text: str


@dataclass(frozen=True)
class Score:
    """Found rightly, found wrongly, missed."""

    right: int
    wrong: int
    missed: int

    @property
    def precision(self) -> float:
        """Of what was found, the share that is right."""
        return self.right / (self.right + self.wrong)

    @property
    def recall(self) -> float:
        """Of what should be found, the share that was."""
        return self.right / (self.right + self.missed)


def texts() -> list[Labelled]:
    """All labelled texts."""
    rows = (line.split("\t") for line in TEXTS.read_text(encoding="utf-8").splitlines() if not line.startswith("#"))
    return [Labelled(half, frozenset(names.split(",")) - {"-"}, kind, text.replace("\\n", "\n")) for half, names, kind, text in rows]


def scores(half: str) -> dict[str, Score]:
    """``components``: by standard component; ``registers``: only whether the right state database was told."""
    registers = {item["code"]: item["register"] for item in seed()["components"]}
    counts: dict[str, Counter[str]] = {"components": Counter(), "registers": Counter()}
    for item in texts():
        if item.half != half:
            continue
        found = {match.code for match in standard_matcher().match(item.text)}
        for name, wanted, got in (
            ("components", set(item.components), found),
            ("registers", {registers[code] for code in item.components} - {None}, {registers[code] for code in found} - {None}),
        ):
            counts[name].update(right=len(wanted & got), wrong=len(got - wanted), missed=len(wanted - got))
    return {name: Score(found["right"], found["wrong"], found["missed"]) for name, found in counts.items()}


def lines() -> list[str]:
    """What ``make bench`` prints."""
    said = []
    for half in (TUNING, HELD_OUT):
        number = sum(item.half == half for item in texts())
        for name, score in scores(half).items():
            said.append(f"matcher {half:8} {number} texts, {name:10} precision {score.precision:.3f} recall {score.recall:.3f}")
    return said
