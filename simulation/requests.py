"""Supplement requests: what is asked for and why in truth, and how an officer words it."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from simulation.catalogue import Item
from simulation.places import plain, read_yaml
from simulation.world import World

FORM = -1  # nothing of the dossier's papers: the form is wrong, a fee is missing
NOBODY = -1  # held by no register
CAUSES = ("none", "F1", "F2", "F3", "F4", "F5")  # classes of methodology §7.5
ALREADY_HELD = (1, 2, 3, 5)
FOUND_BY_LOOKUP = (1, 3)
LOOKUP_RECORDED = 0.6
NAMED = 0.65  # share of requests whose papers are listed, not only written into the text
MESSINESS = (0.62, 0.16, 0.12, 0.10)  # as it should be; without diacritics; a typing slip; capitals
EXTRA = "{paper}"


class Causes:
    """The papers of every procedure with the registers that hold them, padded into items × papers."""

    def __init__(self, catalogue: list[Item], world: World) -> None:
        self.names = sorted({paper for item in catalogue for paper in item.papers})
        name_index = {name: number for number, name in enumerate(self.names)}
        widest = max(len(item.papers) for item in catalogue)
        self.papers = np.array([len(item.papers) for item in catalogue])
        self.paper = np.full((len(catalogue), widest), FORM)
        self.register = np.full((len(catalogue), widest), NOBODY)
        for row, item in enumerate(catalogue):
            for column, (paper, register) in enumerate(zip(item.papers, item.registers, strict=True)):
                self.paper[row, column] = name_index[paper]
                self.register[row, column] = NOBODY if register is None else world.registers.index(register)
        published = read_yaml("catalogue.yaml")["registers"]
        self.published = np.array([day.toordinal() if day else 10**7 for day, _share in (published[name] for name in world.registers)])
        self.results_store = world.registers.index("results_store")

    def reached(self, world: World, register: np.ndarray, system: np.ndarray, day: np.ndarray) -> np.ndarray:
        """Whether the register was published and the system connected to it on the day; False where no register holds the paper."""
        known = np.maximum(register, 0)
        return np.asarray((register != NOBODY) & (self.published[known] <= day) & (world.connected[known, system] <= day))

    def unreached(self, world: World, item: np.ndarray, system: np.ndarray, day: np.ndarray) -> np.ndarray:
        """Share of a procedure's papers that a register holds but this system cannot look up."""
        register = self.register[item]
        reached = self.reached(world, register, system[:, None], day[:, None])
        return np.asarray(((register != NOBODY) & ~reached).sum(axis=1) / np.maximum(self.papers[item], 1))


@dataclass
class Requests:
    """Dossiers × 2 requests, recorded or not: the paper (index into ``Causes.names``, ``FORM``), its wording, its true cause."""

    paper: np.ndarray
    text: np.ndarray  # index into ``wordings``
    named: np.ndarray
    cause: np.ndarray  # index into CAUSES; 0 where there is no such request
    register: np.ndarray  # index into the world's registers, ``NOBODY``: which register holds the paper
    wordings: list[str]

    @cached_property
    def looked_up(self) -> np.ndarray:
        """Dossiers × 2: whether the system recorded that it looked the paper up. Failed look-ups leave no record in this message."""
        spread = np.arange(self.cause.size).reshape(self.cause.shape) * 2_654_435_761 % 2**32 / 2**32
        return np.asarray(np.isin(self.cause, FOUND_BY_LOOKUP) & (spread < LOOKUP_RECORDED))

    @cached_property
    def already_held(self) -> np.ndarray:
        """Whether any request asked for what the state already had (F1, F2, F3, F5)."""
        return np.asarray(np.isin(self.cause, ALREADY_HELD).any(axis=1))


def draw_requests(
    rng: np.random.Generator,
    causes: Causes,
    world: World,
    item: np.ndarray,
    unit: np.ndarray,
    system: np.ndarray,
    day: np.ndarray,
    asked: np.ndarray,
) -> Requests:
    """What each of the ``asked`` requests of every dossier is about. ``day``: ordinal of reception, near enough to that of the request."""
    shape = (len(item), 2)
    paper, cause = np.full(shape, FORM), np.zeros(shape, dtype=int)
    registers = np.full(shape, NOBODY)
    text, named = np.zeros(shape, dtype=int), np.zeros(shape, dtype=bool)
    wordings, first = _wordings(causes.names)
    for turn in range(2):
        row = np.flatnonzero(asked > turn)
        register = causes.register[item[row]]
        reached = causes.reached(world, register, system[row][:, None], day[row][:, None])
        exists = causes.paper[item[row]] != FORM
        weight = np.where(reached, 0.42 * np.exp(0.8 * world.unit_neglect[unit[row]])[:, None], np.where(register == NOBODY, 0.8, 1.5))
        weight = np.concatenate([np.where(exists, weight, 0.0), np.full((len(row), 1), 1.1)], axis=1)
        cumulated = np.cumsum(weight, axis=1)
        pick = (cumulated < rng.random((len(row), 1)) * cumulated[:, -1:]).sum(axis=1)
        form = pick == weight.shape[1] - 1
        column = np.where(form, 0, pick)
        lines = np.arange(len(row))
        chosen, held, can = causes.paper[item[row], column], register[lines, column], reached[lines, column]
        failed = rng.random(len(row)) < 0.2
        true = np.where(can, np.where(held == causes.results_store, 3, np.where(failed, 2, 1)), 4)
        published = causes.published[np.maximum(held, 0)] <= day[row]
        true = np.where((held != NOBODY) & ~can & published, 5, true)
        paper[row, turn] = np.where(form, FORM, chosen)
        cause[row, turn] = np.where(form, 4, true)
        registers[row, turn] = np.where(form, NOBODY, held)
        named[row, turn] = ~form & (rng.random(len(row)) < NAMED)
        text[row, turn] = _choose(rng, first, paper[row, turn])
    return Requests(paper, text, named, cause, registers, wordings)


def _choose(rng: np.random.Generator, first: np.ndarray, paper: np.ndarray) -> np.ndarray:
    """Index of a wording for each paper; ``first`` holds where each paper's wordings begin (the form's last)."""
    words = read_yaml("requests.yaml")
    count = np.where(paper == FORM, len(words["for_form"]), len(words["for_paper"]))
    variant = rng.choice(len(MESSINESS), size=len(paper), p=MESSINESS)
    sentence = (rng.random(len(paper)) * count).astype(int)
    return np.asarray(first[paper] + sentence * len(MESSINESS) + variant)


def _wordings(papers: list[str]) -> tuple[list[str], np.ndarray]:
    """All sentences in all spellings, and where each paper's begin; ``first[FORM]`` (the last entry) is the form's."""
    words = read_yaml("requests.yaml")
    texts: list[str] = []
    first = []
    for paper in papers:
        first.append(len(texts))
        for sentence in words["for_paper"]:
            texts.extend(_spellings(sentence.replace(EXTRA, paper), len(texts)))
    first.append(len(texts))
    for sentence in words["for_form"]:
        texts.extend(_spellings(sentence, len(texts)))
    return texts, np.array(first)


def _spellings(sentence: str, salt: int) -> list[str]:
    """The sentence as it should be, without diacritics, with a typing slip, in capitals."""
    at = 3 + salt * 7 % max(1, len(sentence) - 6)
    slipped = sentence[:at] + sentence[at + 1 : at + 2] + sentence[at : at + 1] + sentence[at + 2 :]
    return [sentence, plain(sentence).lower(), slipped, sentence.upper()]
