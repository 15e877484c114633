"""Rule sets that say how counts become points, and lists of measures that the law names without points. Pure."""

from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from scorecard.edition_tables import tables
from scorecard.indicators import INDICATORS
from scorecard.rulefiles import RuleError, Strict

SetId = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,40}$")]
ItemId = Annotated[str, Field(pattern=r"^[A-Za-zđ0-9]+(\.[0-9a-z]+)*$", max_length=20)]
Points = Annotated[Decimal, Field(ge=0, le=1000, max_digits=12, decimal_places=6)]
Share = Annotated[Decimal, Field(gt=0, le=1, max_digits=12, decimal_places=6)]
COUNTS, MEASURES = "counts", "measures"  # kinds
FULL, ZERO, LEFT_OUT = "full", "zero", "left_out"  # what 0/0 gives


class Words(Strict):
    """A sentence in both languages."""

    vi: str = Field(min_length=1)
    en: str = Field(min_length=1)


class Empty(Strict):
    """What an empty denominator gives: full points, none, or the indicator is left out; and why we say so."""

    gives: Literal["full", "zero", "left_out"]
    why: Words


class Example(Strict):
    """Numbers for a worked example."""

    numerator: int = Field(ge=0)
    denominator: int = Field(ge=1)


class Own(Strict):
    """Our own counts, where dossiers or the catalogue determine the indicator: parts of our figures, as ``offered_online.numerator``."""

    numerator: str
    denominator: str
    note: Words

    @model_validator(mode="after")
    def _known(self) -> Self:
        for part in (self.numerator, self.denominator):
            code, _, side = part.partition(".")
            if code not in INDICATORS or side not in ("numerator", "denominator"):
                raise RuleError(
                    f"không có số {part}; viết như offered_online.numerator, với một chỉ tiêu của hệ thống",
                    f"there is no figure {part}; write it like offered_online.numerator, with an indicator of this system",
                )
        return self


class Indicator(Strict):
    """One indicator. By ``formula``: ``share`` earns points in proportion to numerator/denominator up to ``target``; ``mean`` is the mean
    of points given to single dossiers; ``shown`` earns none and is not scored."""

    id: ItemId
    code: str = ""
    name: Words
    formula: Literal["share", "mean", "shown"] = "share"
    points: Points
    target: Share | None = None
    factor: str | None = None
    numerator: Words | None = None
    denominator: Words | None = None
    levels: tuple[Words, ...] = ()
    empty: Empty | None = None
    example: Example | None = None
    uncertain: Words | None = None
    note: Words | None = None
    own: Own | None = None
    unrecorded: Words | None = None  # why our own figures do not tell it

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.formula == "shown":
            if self.points:
                raise RuleError(
                    "chỉ tiêu chỉ hiển thị (shown) không có điểm; đặt points: 0", "a shown indicator earns nothing; set points: 0"
                )
            return self
        needed = ["numerator", "denominator", "empty", "example", *(["target"] if self.formula == "share" else ["levels"])]
        if missing := [name for name in needed if not getattr(self, name)]:
            names = ", ".join(missing)
            raise RuleError(f"chỉ tiêu có điểm phải có: {names}; hãy thêm vào", f"an indicator with points must have: {names}; add them")
        if self.own is not None and self.unrecorded is not None:
            raise RuleError("chỉ ghi own hoặc unrecorded, không ghi cả hai; bỏ một", "either own or unrecorded holds, not both; drop one")
        if not self.points:
            raise RuleError("chỉ tiêu có công thức phải có points lớn hơn 0", "an indicator with a formula must have points above 0")
        return self


class Group(Strict):
    """A group of indicators whose points add up to its own."""

    id: ItemId
    name: Words
    points: Points
    indicators: tuple[Indicator, ...] = Field(min_length=1)
    uncertain: Words | None = None
    note: Words | None = None

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        total = sum(item.points for item in self.indicators)
        if total != self.points:
            raise RuleError(
                f"các chỉ tiêu cộng lại {total} điểm, nhóm ghi {self.points}; sửa một trong hai",
                f"the indicators add up to {total} points, the group says {self.points}; correct either",
            )
        return self


class Factor(Strict):
    """A number that a row of counts may bring besides counts; 1 where it does not."""

    id: str = Field(pattern=r"^[a-z_]{1,40}$")
    name: Words
    note: Words


class Rounding(Strict):
    """Decimals to which indicators (null: not at all), groups and the total are rounded, half up; and of which groups the total is made."""

    indicators: int | None = Field(ge=0, le=6)
    groups: int = Field(ge=0, le=6)
    total: int = Field(ge=0, le=6)
    total_of: Literal["unrounded", "rounded"] = "unrounded"
    why: Words


class Band(Strict):
    """A word for totals from ``least`` (included) up to the next band."""

    least: Decimal = Field(ge=0)
    name: Words


class Change(Strict):
    """One change against the set that a rule set is derived from: where, what, and by which document."""

    place: str
    source: Words
    was: str
    now: str


class _Set(Strict):
    """What every rule set says of itself."""

    id: SetId
    title: Words
    valid_from: date
    valid_to: date | None
    source: Words
    purpose: Words
    caveats: tuple[Words, ...] = ()

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.valid_to is not None and self.valid_to <= self.valid_from:
            raise RuleError("valid_to phải sau valid_from; sửa ngày", "valid_to must lie after valid_from; correct the days")
        return self

    def holds_on(self, day: date) -> bool:
        """Whether it is in force; ``valid_to`` is the first day on which it is not."""
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)


class CountRules(_Set):
    """How counts of a unit become points. ``missing`` says what happens where counts lack: ``group_empty`` leaves the group and the total
    empty, ``normalised`` leaves the indicator out and stretches the rest to the whole maximum."""

    kind: Literal["counts"]
    points: Points
    missing: Literal["group_empty", "normalised"]
    missing_why: Words
    rounding: Rounding
    factors: tuple[Factor, ...] = ()
    groups: tuple[Group, ...] = Field(min_length=1)
    bands: tuple[Band, ...] = Field(min_length=1)
    bands_note: Words | None = None
    owner: str | None = Field(default=None, min_length=1)
    extends: SetId | None = None
    changes: tuple[Change, ...] = ()

    @property
    def indicators(self) -> tuple[Indicator, ...]:
        """All that earn points, in order."""
        return tuple(item for group in self.groups for item in group.indicators if item.formula != "shown")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        ids = [group.id for group in self.groups] + [item.id for group in self.groups for item in group.indicators]
        if twice := sorted({name for name in ids if ids.count(name) > 1}):
            names = ", ".join(twice)
            raise RuleError(f"mã dùng hai lần: {names}; mỗi nhóm, mỗi chỉ tiêu một mã", f"an id is used twice: {names}; give each its own")
        total = sum(group.points for group in self.groups)
        if total != self.points:
            raise RuleError(
                f"các nhóm cộng lại {total} điểm, bộ quy tắc ghi {self.points}; sửa một trong hai",
                f"the groups add up to {total} points, the rule set says {self.points}; correct either",
            )
        known = {factor.id for factor in self.factors}
        for item in self.indicators:
            if item.factor is not None and item.factor not in known:
                raise RuleError(
                    f"chỉ tiêu {item.id} dùng hệ số {item.factor} không có trong factors; khai báo hoặc bỏ",
                    f"indicator {item.id} uses the factor {item.factor}, which factors does not name; declare or drop it",
                )
            if item.empty is not None and (item.empty.gives == LEFT_OUT) != (self.missing == "normalised"):
                raise RuleError(
                    f"chỉ tiêu {item.id}: mẫu số 0 chỉ được bỏ ra (left_out) khi missing là normalised, và ngược lại",
                    f"indicator {item.id}: an empty denominator is left out where missing is normalised, and only there",
                )
        return self

    @model_validator(mode="after")
    def _banded(self) -> Self:
        edges = [band.least for band in self.bands]
        if edges[-1] != 0 or any(high <= low for high, low in pairwise(edges)) or edges[0] > self.points:
            raise RuleError(
                f"mức xếp loại phải xếp từ cao xuống thấp, mức cuối từ 0, không mức nào trên {self.points}",
                f"bands must go from high to low, the last from 0, and none above {self.points}",
            )
        return self


class Measure(Strict):
    """One thing that the law wants measured; ``measured_by`` names our own indicators, ``told_in`` an edition's tables, if any."""

    id: ItemId
    name: Words
    measured_by: tuple[str, ...] = ()
    told_in: tuple[str, ...] = ()
    note: Words

    @model_validator(mode="after")
    def _known(self) -> Self:
        if unknown := [code for code in self.measured_by if code not in INDICATORS]:
            names = ", ".join(unknown)
            raise RuleError(f"không có chỉ tiêu {names}; sửa measured_by", f"there is no indicator {names}; correct measured_by")
        if unknown := [name for name in self.told_in if name not in tables()]:
            names = ", ".join(unknown)
            raise RuleError(f"không có bảng {names}; sửa told_in", f"there is no table {names}; correct told_in")
        return self


class MeasureList(_Set):
    """A list of measures without points: the law gives none."""

    kind: Literal["measures"]
    measures: tuple[Measure, ...] = Field(min_length=1)
    requirements: tuple[Words, ...] = ()


AnySet = CountRules | MeasureList
