"""What a requested paper is: which standard component, and which state register already holds it. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from procedures.folding import plain
from procedures.matching import Matcher, Standard
from procedures.once_only import OnceOnly

HELD, GENUINE, UNCLEAR = "held", "genuine", "unclear"
LEAST_NAME = 8  # letters of a paper's name by which it is told inside a request's text


@dataclass(frozen=True)
class Wanted:
    """One paper that a request asks for. ``component``: its standard code; None where the catalogue alone knows it, or nobody."""

    kind: str
    component: str | None = None
    register: str | None = None


@dataclass(frozen=True)
class Vocabulary:
    """Standard components with what they are told by. ``registers``: standard code → the register that holds it, if any."""

    standards: tuple[Standard, ...] = ()
    registers: Mapping[str, str | None] = field(default_factory=dict)
    decoys: tuple[str, ...] = ()
    abbreviations: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def matcher(self) -> Matcher:
        """Finds them in texts."""
        return Matcher(self.standards, self.decoys, self.abbreviations)

    @classmethod
    def of_phrases(cls, phrases: Mapping[str, Sequence[str]]) -> "Vocabulary":
        """One standard component for each register, of the register's code, told by the phrases."""
        return cls(tuple(Standard(code, tuple(found)) for code, found in phrases.items()), {code: code for code in phrases})


class PaperBook:
    """Papers by the catalogue's components and the standard vocabulary.

    ``components``: (procedure code, paper code, paper name, register code or None). ``law``: by what requests for them are judged.
    """

    def __init__(self, components: Iterable[tuple[str, str, str, str | None]], vocabulary: Vocabulary, law: OnceOnly | None = None) -> None:
        self.law = law or OnceOnly()
        self._vocabulary = vocabulary
        self._by_code: dict[tuple[str, str], tuple[str, str | None]] = {}
        self._by_name: dict[str, dict[str, tuple[str, str | None]]] = {}
        for procedure, code, name, register in components:
            if code:
                self._by_code[procedure, code] = name, register
            self._by_name.setdefault(procedure, {})[plain(name)] = name, register

    def identify(self, procedure: str, code: str | None, text: str | None) -> tuple[Wanted, ...]:
        """The papers that one entry of a request means: several where its text names several, never none.

        Known as a paper of the procedure, by code or by name, it is held if the catalogue says so. Otherwise every standard component
        that the text names counts. A paper of the procedure that no register holds is genuine; what has no name, and a name that
        nothing fits, is unclear: class F0 of methodology §7.5.
        """
        text = text or ""
        own = self._by_code.get((procedure, code or "")) or self._by_name.get(procedure, {}).get(plain(text))
        if own is not None and own[1] is not None:
            return (Wanted(HELD, self._component_of(own[0], own[1]), own[1]),)
        named = [self._standard(match.code) for match in self._vocabulary.matcher.match(text)]
        if own is not None and not any(wanted.kind == HELD for wanted in named):
            return (Wanted(GENUINE, named[0].component if named else None),)
        if named:
            return tuple(dict.fromkeys(named))
        return (self._inside(procedure, plain(text)) or Wanted(UNCLEAR),)

    def _standard(self, code: str) -> Wanted:
        register = self._vocabulary.registers.get(code)
        return Wanted(GENUINE if register is None else HELD, code, register)

    def _component_of(self, name: str, register: str) -> str | None:
        """The standard component of a paper that the catalogue gives to a register."""
        found = (match.code for match in self._vocabulary.matcher.match(name))
        return next((code for code in found if self._vocabulary.registers.get(code) == register), None)

    def _inside(self, procedure: str, text: str) -> Wanted | None:
        """A paper of the procedure whose whole name stands in the text; the longest of several."""
        names = self._by_name.get(procedure, {})
        found = [name for name in names if len(name) >= LEAST_NAME and f" {name} " in f" {text} "]
        if not found:
            return None
        name, register = names[max(found, key=len)]
        return Wanted(GENUINE) if register is None else Wanted(HELD, self._component_of(name, register), register)
