"""The cleaned figure: which answers leave it, by evidence about the single answer alone, and what that moves. Pure.

No pattern of a unit removes an answer (``integrity_patterns`` only asks). What counts as evidence: the token was used again or is
void, the answer is a trial, it was given in a staff log-in or on a device that a counter enrolled as staff's. Two persons together
may keep what such evidence removed in a unit, or remove answers whose invitations went to contacts shown to be staff's, with a reason.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import pandas as pd

REUSED, VOID, TEST, STAFF, DIVERTED = "reused", "void", "test", "staff", "diverted"
MARKS = (REUSED, VOID, TEST, STAFF)  # found by the program, in the order in which they are looked for
HUMAN_MARKS = (DIVERTED,)  # shown by persons, never by the program
DECIDED = (REUSED, VOID, STAFF, DIVERTED)  # those that two persons may decide about: a trial is never counted
REMOVED_BY = "removed_by"

WORDS = {  # (vi, en)
    REUSED: ("mã trả lời đã dùng", "token used before"),
    VOID: ("mã trả lời không còn giá trị", "void token"),
    TEST: ("phiếu thử", "trial answer"),
    STAFF: ("điền bằng tài khoản hoặc thiết bị của cán bộ", "given in a staff log-in or on a staff device"),
    DIVERTED: ("lời mời gửi về số liên lạc đã xác minh là của cán bộ", "invitation sent to a contact shown to be staff's"),
}


@dataclass(frozen=True)
class Override:
    """A decision of two persons about a unit's answers with a mark: ``keep`` what the program removed, or ``remove`` (human marks)."""

    unit_code: str
    mark: str
    action: Literal["keep", "remove"]
    proposed_by: str
    decided_by: str
    reason: str


@dataclass(frozen=True)
class Move:
    """What one detector (``mark``) or one human override did to a figure: rated ``answers`` left out or kept, and the change in the
    share. An answer without a rating is in no share, so that all of them come to what is between the raw and the cleaned figure."""

    mark: str
    unit_code: str  # of a human override; empty for a detector
    action: Literal["keep", "remove"]
    answers: int
    moved: float | None  # new share minus old; None where either rests on nothing


def marked(answers: "pd.DataFrame", overrides: Iterable[Override] = (), heavy_contact: int = 5, least: int = 0) -> "pd.DataFrame":
    """The answers with a column ``removed_by``: the mark that takes each out of the cleaned figure, or empty.

    ``answers``: as ``surveys.queries.answers_frame``; ``reused`` and ``void`` are true-or-false columns where the survey keeps them.
    ``heavy_contact``: invitations of a month to one contact from which on a human decision about diverted invitations takes hold.
    ``least``: ratings by personal link of one unit that have to leave together, and that a decision has to move together
    (``_too_telling``): a decision about fewer has no effect.
    """
    import numpy as np

    found = np.full(len(answers), "", dtype=object)
    for mark, mask in reversed([*_evidence(answers).items()]):  # the first named stands
        found[mask] = mark
    told = _told(answers, found, least)
    for override in overrides:
        decided = _decided(answers, found, override, heavy_contact)
        after = _told(answers, decided, least)
        # the cleaned figures of the version before and of this one would tell what each of a few answers said
        if not _too_telling(answers, (told == "") != (after == ""), least).any():
            found, told = decided, after
    return answers.assign(**{REMOVED_BY: told}).astype({REMOVED_BY: "str"})


def _told(answers: "pd.DataFrame", found: Any, least: int) -> Any:
    """The marks that take effect."""
    told = found.copy()
    told[_too_telling(answers, (found != "") & (found != TEST), least)] = ""
    return told


def _decided(answers: "pd.DataFrame", found: Any, override: Override, heavy_contact: int) -> Any:
    """The marks after one decision of two persons."""
    import numpy as np

    load = answers["contact_load"].to_numpy(dtype="float64", na_value=0.0) if "contact_load" in answers else np.zeros(len(answers))
    here = answers["unit_code"].to_numpy(dtype=object) == override.unit_code
    decided = found.copy()
    if override.action == "keep":
        decided[here & (found == override.mark)] = ""
    elif override.mark in HUMAN_MARKS:
        decided[here & (found == "") & (load >= heavy_contact)] = override.mark
    decided[_evidence(answers)[TEST]] = TEST  # whatever was decided about its other marks
    return decided


def _too_telling(answers: "pd.DataFrame", leaving: Any, least: int) -> Any:
    """Where so few ratings of a unit would leave, or none but unsatisfied ones, that the figures with and without them would tell
    what each person said: what a clerk's device gave may be a visitor's own answer. Trials stand in neither figure."""
    import numpy as np
    import pandas as pd

    if not least or not len(answers):
        return np.zeros(len(answers), dtype=bool)
    rated = leaving & ((answers["mode"] == "link") & (answers["end_point"] != "supplement") & answers["rating"].notna()).to_numpy(
        dtype=bool
    )
    good = rated & (answers["rating"].astype("Float64") >= 4).fillna(False).to_numpy(dtype=bool)
    sums = pd.DataFrame({"rated": rated, "good": good}).groupby(answers["unit_code"].to_numpy(dtype=object)).transform("sum")
    telling = (sums["rated"] > 0) & ((sums["rated"] < least) | (sums["good"] == 0))
    return leaving & telling.to_numpy(dtype=bool)


def _evidence(answers: "pd.DataFrame") -> dict[str, Any]:
    """Where each mark holds."""

    def flag(name: str) -> Any:
        return answers[name].astype("boolean").fillna(False).to_numpy(dtype=bool) if name in answers else False

    staff = (answers["device_kind"] == "staff").to_numpy(dtype=bool) if "device_kind" in answers else False
    return {REUSED: flag("reused"), VOID: flag("void"), TEST: flag("is_test"), STAFF: staff}


def moves(
    answers: "pd.DataFrame",
    figure: "Callable[[pd.DataFrame], float | None]",
    overrides: Iterable[Override] = (),
    heavy_contact: int = 5,
    least: int = 0,
) -> list[Move]:
    """By how much each detector alone, and each human override beside all else, moved a figure. One that found nothing is left out.

    ``figure``: from answers as ``surveys.queries.answers_frame``; None where they make none.
    """
    overrides = list(overrides)
    bare = marked(answers, (), heavy_contact, least)
    rated, raw = answers["rating"].notna(), figure(answers)
    found = []
    for mark in MARKS:
        gone = rated & (bare[REMOVED_BY] == mark)
        if gone.any():
            found.append(Move(mark, "", "remove", int(gone.sum()), _change(raw, figure(answers[~gone]))))
    whole = marked(answers, overrides, heavy_contact, least)
    cleaned = figure(whole[whole[REMOVED_BY] == ""])
    for place, override in enumerate(overrides):
        without = marked(answers, overrides[:place] + overrides[place + 1 :], heavy_contact, least)
        touched = int((rated & ((without[REMOVED_BY] == "") != (whole[REMOVED_BY] == ""))).sum())
        before = figure(without[without[REMOVED_BY] == ""])
        found.append(Move(override.mark, override.unit_code, override.action, touched, _change(before, cleaned)))
    return found


def _change(before: float | None, after: float | None) -> float | None:
    return None if before is None or after is None else after - before
