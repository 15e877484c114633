"""Which rule sets there are: those shipped, and an operator's own in the folder ``rules`` of the data folder (DESIGN §7.3).

A set of one's own is derived from a shipped one: ``extends`` names it, ``changes`` say what differs and by which document.
"""

import json
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import Field

from core.calendar import Month
from core.errors import InputError
from scorecard.rulefiles import FOLDER, MONTHLY, Strict, check, load, refusal
from scorecard.rulesets import RuleSet, read
from scorecard.scoring.schema import COUNTS, MEASURES, AnySet, CountRules, MeasureList, SetId, Words

OWN = "rules"  # in the data folder
KEPT = "scoring_rules.json"  # in an edition's folder
WHOLE = "rules"  # a change's place that means the set itself


@dataclass(frozen=True)
class Entry:
    """A rule set, its file, and whether it came with the program."""

    rules: RuleSet | AnySet
    path: Path
    shipped: bool


@dataclass(frozen=True)
class Library:
    """All readable rule sets by id, shipped ones first; ``faults``: what is wrong with an operator's other files."""

    entries: Mapping[str, Entry]
    faults: tuple[InputError, ...]


class _Change(Strict):
    at: str = Field(min_length=1)
    fields: dict[str, Any] = Field(default_factory=dict, alias="set")
    add_to: str | None = None
    drop: bool = False
    source: Words


class _Derived(Strict):
    id: SetId
    extends: SetId
    owner: str = Field(min_length=1)
    title: Words
    valid_from: date
    valid_to: date | None
    source: Words
    purpose: Words
    changes: tuple[_Change, ...] = Field(min_length=1)


def read_any(path: Path) -> RuleSet | AnySet:
    """Read a rule file of any kind. Raises ``InputError`` naming the file, the places and what to do."""
    content = load(path)
    if "extends" in content:
        return _derive(content, path.name)
    kind = content.get("kind", MONTHLY)
    if kind == MONTHLY:
        return read(path)
    if kind == COUNTS:
        return check(CountRules, content, path.name)
    if kind == MEASURES:
        return check(MeasureList, content, path.name)
    kinds = ", ".join((MONTHLY, COUNTS, MEASURES))
    raise refusal(path.name, ("kind", f"không có loại {kind}; có: {kinds}", f"there is no kind {kind}; there are: {kinds}"))


def library(own: Path | None = None) -> Library:
    """The shipped rule sets and those in the folder ``own``. A broken file of an operator's is told and left out."""
    entries = {rules.id: Entry(rules, path, True) for path in sorted(FOLDER.glob("*.yaml")) for rules in [read_any(path)]}
    faults = []
    for path in sorted(own.glob("*.yaml")) if own is not None and own.is_dir() else ():
        try:
            rules = read_any(path)
            if rules.id in entries:
                taken = entries[rules.id].path.name
                told = (f"{rules.id} đã dùng trong {taken}; đặt mã khác", f"{rules.id} is taken by {taken}; choose another")
                raise refusal(path.name, ("id", *told))
            if isinstance(rules, RuleSet):
                told = ("tháng chỉ được tính theo bộ quy tắc đi kèm chương trình", "months are computed under the shipped rules alone")
                raise refusal(path.name, ("kind", *told))
            entries[rules.id] = Entry(rules, path, False)
        except InputError as error:
            faults.append(error)
    return Library(entries, tuple(faults))


def find_scoring(name: str, own: Path | None = None) -> CountRules:
    """The rule set of this id, or in the file of this name, that turns counts into points. Raises ``InputError``."""
    path = Path(name)
    shipped = FOLDER / f"{name}.yaml"
    if path.suffix in (".yaml", ".yml"):
        rules = read_any(path)
    elif path.name == name and shipped.is_file():
        rules = read_any(shipped)
    else:
        found = library(own)
        if name not in found.entries:
            known = ", ".join(other for other, entry in found.entries.items() if isinstance(entry.rules, CountRules))
            raise next(
                (fault for fault in found.faults if name in fault.message_en),
                InputError(
                    f"Không có bộ quy tắc {name}. Có: {known}; hoặc nêu đường dẫn một tệp .yaml.",
                    f"There is no rule set {name}. There are: {known}; or name a .yaml file.",
                    field="--rules",
                ),
            )
        rules = found.entries[name].rules
    if not isinstance(rules, CountRules):
        raise InputError(
            f"Bộ quy tắc {rules.id} không cho điểm nên không chấm được; hãy chọn bộ có điểm, ví dụ qd766-2022.",
            f"The rule set {rules.id} gives no points, so nothing can be scored under it; choose one that does, such as qd766-2022.",
            field="--rules",
        )
    return rules


def keep_rules(folder: Path, month: Month, own: Path | None = None) -> None:
    """Put the rule sets that give points in a month into an edition's folder, changes applied: from it nothing is scored by any other."""
    entries = library(own).entries.values()
    kept = [entry.rules for entry in entries if isinstance(entry.rules, CountRules) and entry.rules.holds_on(month.last_day)]
    content = [rules.model_dump(mode="json") for rules in sorted(kept, key=lambda rules: rules.id)]
    (folder / KEPT).write_text(json.dumps(content, ensure_ascii=False, sort_keys=True, indent=1), encoding="utf-8")


def kept_rules(folder: Path) -> dict[str, CountRules]:
    """What ``keep_rules`` put there, by id; empty for an edition that is older than rule sets with points."""
    path = folder / KEPT
    found = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []
    return {rules.id: rules for rules in (CountRules.model_validate(content) for content in found)}


def _derive(content: Mapping[str, Any], file: str) -> CountRules:
    """A shipped rule set with its changes applied and told; that points still add up is checked as for any other."""
    wanted = check(_Derived, content, file)
    base = FOLDER / f"{wanted.extends}.yaml"
    merged = deepcopy(dict(load(base))) if base.is_file() else {}
    if merged.get("kind") != COUNTS:
        shipped = ", ".join(path.stem for path in sorted(FOLDER.glob("*.yaml")) if load(path).get("kind") == COUNTS)
        told = (f"không kế thừa được {wanted.extends}; chọn: {shipped}", f"{wanted.extends} cannot be extended; choose from: {shipped}")
        raise refusal(file, ("extends", *told))
    told_changes = [_apply(merged, change, file, f"changes › {number}") for number, change in enumerate(wanted.changes, 1)]
    own = {name: content[name] for name in ("id", "extends", "owner", "title", "valid_from", "valid_to", "source", "purpose")}
    return check(CountRules, merged | own | {"changes": told_changes}, file)


def _apply(merged: dict[str, Any], change: _Change, file: str, place: str) -> dict[str, Any]:
    """Carry out one change; what was and what is, for readers."""
    if (bool(change.fields) + change.drop) != 1:
        raise refusal(file, (place, "cần đúng một trong hai: set hoặc drop", "exactly one of set and drop is needed"))
    if frozen := sorted(set(change.fields) & {"id", "kind", "groups", "indicators", "extends", "owner", "changes"}):
        names = ", ".join(frozen)
        raise refusal(file, (f"{place} › set", f"không đổi được ở đây: {names}", f"cannot be changed here: {names}"))
    if change.add_to is not None:
        group = next((group for group in merged["groups"] if group["id"] == change.add_to), None)
        if group is None or change.drop:
            raise refusal(file, (f"{place} › add_to", f"không có nhóm {change.add_to}", f"there is no group {change.add_to}"))
        group["indicators"].append({"id": change.at, **change.fields})
        return _told(change, {}, change.fields)
    if change.at == WHOLE:
        was = {name: merged.get(name) for name in change.fields}
        merged.update(change.fields)
        return _told(change, was, change.fields)
    for siblings in [merged["groups"], *(group["indicators"] for group in merged["groups"])]:
        item = next((item for item in siblings if item["id"] == change.at), None)
        if item is None:
            continue
        if change.drop:
            siblings.remove(item)
            return _told(change, {"points": item["points"]}, {})
        was = {name: item.get(name) for name in change.fields}
        item.update(change.fields)
        return _told(change, was, change.fields)
    told = (
        f"không có nhóm hay chỉ tiêu {change.at}; muốn thêm chỉ tiêu thì nêu add_to",
        f"there is no group or indicator {change.at}; to add an indicator name its group with add_to",
    )
    raise refusal(file, (f"{place} › at", *told))


def _told(change: _Change, was: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    return {"place": change.at, "source": change.source.model_dump(), "was": _said(was), "now": _said(now)}


def _said(fields: Mapping[str, Any]) -> str:
    """Fields as a line of text, without what they had not set."""
    return ", ".join(f"{place}: {value}" for place, value in _leaves(fields))


def _leaves(value: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """Everything that a field says, with its place; a sentence in both languages."""
    if isinstance(value, Mapping) and set(value) == {"vi", "en"}:
        yield place, f"{value['vi']} / {value['en']}"
    elif isinstance(value, Mapping | list):
        for name, inner in value.items() if isinstance(value, Mapping) else enumerate(value, 1):
            yield from _leaves(inner, f"{place} › {name}" if place else str(name))
    elif value is not None:
        yield place, str(value)
