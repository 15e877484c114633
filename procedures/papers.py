"""Which state register already holds a requested paper. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence

from procedures.registers import is_drawn_up, plain

HELD, GENUINE, UNCLEAR = "held", "genuine", "unclear"


class PaperBook:
    """Classes of papers by the catalogue's components and the registers' keywords.

    ``components``: (procedure code, paper code, paper name, register code or None). ``keywords``: register code to words
    without diacritics that name papers it holds.
    """

    def __init__(self, components: Iterable[tuple[str, str, str, str | None]], keywords: Mapping[str, Sequence[str]]) -> None:
        self._by_code: dict[tuple[str, str], str | None] = {}
        self._by_name: dict[tuple[str, str], str | None] = {}
        for procedure, code, name, register in components:
            if code:
                self._by_code[procedure, code] = register
            self._by_name[procedure, plain(name)] = register
        self._owner = {plain(word): register for register in sorted(keywords) for word in keywords[register]}
        longest_first = sorted(self._owner, key=lambda word: (-len(word), word))
        self._pattern = re.compile(r"(?<!\w)(" + "|".join(map(re.escape, longest_first)) + r")(?!\w)") if self._owner else None

    def classify(self, procedure: str, code: str | None, name: str | None) -> tuple[str, str | None]:
        """(``held``, register), (``genuine``, None) or (``unclear``, None) for one requested paper.

        Known as a paper of the procedure, by code or by name, it is held if the catalogue says so. Otherwise what the
        applicant draws up is genuine, and the earliest of the registers' keywords decides (of several there, the longest).
        What has no name, and a name that nothing fits, is unclear: class F0 of methodology §7.5.
        """
        wanted = plain(name or "")
        for key, known in (((procedure, code or ""), self._by_code), ((procedure, wanted), self._by_name)):
            if key[1] and known.get(key):
                return HELD, known[key]
        if is_drawn_up(wanted):
            return GENUINE, None
        found = self._pattern.search(wanted) if self._pattern else None
        if found:
            return HELD, self._owner[found.group(1)]
        if (procedure, code or "") in self._by_code or (wanted and (procedure, wanted) in self._by_name):
            return GENUINE, None
        return UNCLEAR, None
