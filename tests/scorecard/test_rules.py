"""Rule sets as data: what is shipped, what a file may say, what is derived, what an edition keeps."""

import re
from collections import Counter
from copy import deepcopy
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from core.calendar import Month
from core.errors import InputError
from scorecard.rulefiles import FOLDER
from scorecard.rulesets import RuleSet, for_month
from scorecard.scoring.library import find_scoring, keep_rules, kept_rules, library, read_any
from scorecard.scoring.pages import formula, page
from scorecard.scoring.schema import CountRules, MeasureList

SHIPPED = ("nd224-art19", "qd766-2022", "tt01-2018", "tthc-2026-1")


def content(name: str = "qd766-2022") -> dict[str, Any]:
    found: dict[str, Any] = deepcopy(yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8")))
    return found


def write(folder: Path, rules: dict[str, Any] | str, name: str = "own.yaml") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(rules if isinstance(rules, str) else yaml.safe_dump(rules, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return path


def both(vi: str, en: str) -> dict[str, str]:
    return {"vi": vi, "en": en}


def derived(*changes: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": "tinh-25-2027",
        "extends": "qd766-2022",
        "owner": "25",
        "title": both("Bộ của tỉnh", "The province's set"),
        "valid_from": date(2027, 1, 1),
        "valid_to": None,
        "source": both("Quyết định của tỉnh", "The province's decision"),
        "purpose": both("Thử", "Try"),
        "changes": list(changes),
    }


def change(at: str, fields: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    named = {"set": fields} if fields is not None else {}
    return {"at": at, **named, **more, "source": both("Điều 2", "Article 2")}


def refused(path: Path) -> InputError:
    with pytest.raises(InputError) as failure:
        read_any(path)
    assert path.name in failure.value.message_vi
    assert path.name in failure.value.message_en
    return failure.value


# ---- shipped


def test_what_is_shipped_can_be_read_and_each_is_of_its_kind() -> None:
    entries = library().entries
    assert tuple(sorted(entries)) == SHIPPED
    kinds = {name: type(entry.rules) for name, entry in entries.items()}
    assert kinds == {"nd224-art19": MeasureList, "qd766-2022": CountRules, "tt01-2018": CountRules, "tthc-2026-1": RuleSet}
    assert all(entry.shipped for entry in entries.values())


def test_a_month_has_exactly_one_set_of_its_own_kind() -> None:
    rules, path = for_month(Month(2026, 10))
    assert (rules.id, path.name) == ("tthc-2026-1", "tthc-2026-1.yaml")
    with pytest.raises(InputError):
        for_month(Month(2024, 1))


def test_the_online_split_is_marked_as_uncertain_and_the_decree_has_no_points() -> None:
    online = next(group for group in find_scoring("qd766-2022").groups if group.id == "CLGQ")
    assert online.uncertain is not None
    assert all(item.uncertain is not None for item in online.indicators)
    measures = library().entries["nd224-art19"].rules
    assert isinstance(measures, MeasureList)
    assert [item.id for item in measures.measures] == ["a", "b", "c", "d", "đ", "e", "g"]
    assert "points" not in MeasureList.model_fields


def test_every_indicator_of_the_exchange_list_is_there_with_its_points(shared_data: Path) -> None:
    import csv

    with (shared_data / "exchange" / "indicators_766.csv").open(encoding="utf-8-sig") as stream:
        listed = list(csv.DictReader(stream))
    ours = {item.id: item for item in find_scoring("qd766-2022").indicators}
    assert {row["id"] for row in listed} <= set(ours)
    for row in listed:
        item = ours[row["id"]]
        if row["max_points"]:
            assert item.points == int(row["max_points"])
        if row["full_score_at_pct"] and item.target is not None:
            assert item.target * 100 == int(row["full_score_at_pct"])


def test_what_no_published_score_confirms_is_marked_as_uncertain(shared_data: Path) -> None:
    import csv

    with (shared_data / "exchange" / "indicators_766.csv").open(encoding="utf-8-sig") as stream:
        unchecked = {row["id"] for row in csv.DictReader(stream) if row["checked_against_published_scores"].startswith("no")}
    doubtful = {item.id for group in find_scoring("qd766-2022").groups for item in group.indicators if item.uncertain or group.uncertain}
    assert unchecked
    assert unchecked <= doubtful


# ---- errors


@pytest.mark.parametrize(
    ("edit", "place", "remedy"),
    [
        (lambda c: c.pop("source"), "source", "missing"),
        (lambda c: c.update(sorce={}), "sorce", "no field of this name"),
        (lambda c: c["groups"][0]["indicators"][0].update(points=7), "CKMB", "add up to 19"),
        (lambda c: c["groups"][0].update(points=19), "CKMB", "add up to 18"),
        (lambda c: c.update(points=99), "", "add up to 100"),
        (lambda c: c["groups"][2]["indicators"][1].update(target=0), "CLGQ › indicators › 3.2 › target", "not a valid value"),
        (lambda c: c["groups"][2]["indicators"][1].pop("empty"), "3.2", "empty; add"),
        (lambda c: c["groups"][1]["indicators"][0].update(id=2.1), "id", "quotation marks"),
        (lambda c: c["groups"][1]["indicators"][0].update(id="1.1"), "", "used twice: 1.1"),
        (lambda c: c["groups"][2]["indicators"][2].update(factor="other"), "", "declare or drop"),
        (lambda c: c["groups"][0]["indicators"][0]["empty"].update(gives="half"), "empty › gives", "not a valid value"),
        (lambda c: c["groups"][0]["indicators"][0]["empty"].update(gives="left_out"), "", "normalised"),
        (lambda c: c["bands"].pop(), "", "the last from 0"),
        (lambda c: c["bands"].reverse(), "", "from high to low"),
        (lambda c: c.update(valid_to=date(2020, 1, 1)), "", "after valid_from"),
        (lambda c: c.update(valid_from="soon"), "valid_from", "2026-07-01"),
        (lambda c: c.update(kind="marks"), "kind", "monthly, counts, measures"),
        (lambda c: c["groups"][2]["indicators"][0]["own"].update(numerator="nothing.numerator"), "own", "no figure nothing.numerator"),
    ],
)
def test_an_error_names_file_place_and_remedy(tmp_path: Path, edit: Any, place: str, remedy: str) -> None:
    rules = content()
    edit(rules)
    told = refused(write(tmp_path, rules)).message_en
    line = next(line for line in told.splitlines() if remedy in line)
    assert place in line


def test_several_errors_are_told_at_once(tmp_path: Path) -> None:
    rules = content()
    del rules["source"]
    rules["rounding"]["groups"] = -1
    told = refused(write(tmp_path, rules)).message_vi
    assert "- source:" in told
    assert "- rounding › groups:" in told


@pytest.mark.parametrize("text", ["id: a\nid: b\n", "- a\n- b\n", "id: [", "", "on: 1\n", "\x00"])
def test_what_is_no_rule_file_is_refused_in_words(tmp_path: Path, text: str) -> None:
    refused(write(tmp_path, text))


def test_a_file_that_is_not_there_is_refused_in_words(tmp_path: Path) -> None:
    refused(tmp_path / "none.yaml")


# ---- derived


def test_a_province_derives_its_own_with_the_source_of_each_change(tmp_path: Path) -> None:
    rules = derived(change("3.2", {"points": 3}), change("3.3", {"points": 7, "target": 0.6}), change("2.2", drop=True))
    own = read_any(write(tmp_path, rules))
    assert isinstance(own, CountRules)
    points = {item.id: item.points for item in own.indicators}
    assert (points["3.2"], points["3.3"], own.points) == (3, 7, 100)
    assert [(item.place, item.was, item.now) for item in own.changes] == [
        ("3.2", "points: 4", "points: 3"),
        ("3.3", "points: 6, target: 0.5", "points: 7, target: 0.6"),
        ("2.2", "points: 0", ""),
    ]
    assert {item.source.en for item in own.changes} == {"Article 2"}
    assert {item.id: item.points for item in find_scoring("qd766-2022").indicators}["3.2"] == 4  # the shipped one is as it was


def test_a_change_that_is_no_single_number_is_told_as_well(tmp_path: Path) -> None:
    empty = {"gives": "zero", "why": both("Không có việc, không có điểm", "No activity, no points")}
    own = read_any(write(tmp_path, derived(change("5.2", {"empty": empty}), change("4.2", {"note": both("Ghi", "Note")}))))
    assert isinstance(own, CountRules)
    assert "empty › gives: full" in own.changes[0].was
    assert own.changes[0].now == "empty › gives: zero, empty › why: Không có việc, không có điểm / No activity, no points"
    assert own.changes[1].now == "note: Ghi / Note"


def test_an_indicator_can_be_added_where_the_group_grows_with_it(tmp_path: Path) -> None:
    new = content()["groups"][0]["indicators"][1] | {"points": 2, "name": both("Mới", "New")}
    del new["id"]
    grown = [change("1.5", new, add_to="CKMB"), change("CKMB", {"points": 20}), change("rules", {"points": 102})]
    own = read_any(write(tmp_path, derived(*grown)))
    assert isinstance(own, CountRules)
    assert [item.id for item in own.indicators][:5] == ["1.1", "1.2", "1.3", "1.4", "1.5"]
    assert "add up to 20" in refused(write(tmp_path, derived(grown[0]))).message_en


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        (derived(change("3.2", {"points": 3})), "add up to 11"),
        (derived(change("9.9", {"points": 3})), "no group or indicator 9.9"),
        (derived(change("3.2")), "exactly one of set and drop"),
        (derived(change("3.2", {"id": "3.9"})), "cannot be changed here: id"),
        (derived(change("3.2", {"pionts": 3})), "no field of this name"),
        (derived(change("9.9", {"points": 3}, add_to="XX")), "no group XX"),
        (derived(), "changes"),
        (derived(change("3.2", {"points": 4})) | {"extends": "nd224-art19"}, "cannot be extended"),
        (derived(change("3.2", {"points": 4})) | {"extends": "../secret"}, "extends"),
        ({name: value for name, value in derived(change("3.2", {"points": 4})).items() if name != "owner"}, "owner"),
        (derived({"at": "3.2", "set": {"points": 4}}), "source"),
    ],
)
def test_a_derived_set_that_does_not_hold_is_refused(tmp_path: Path, rules: dict[str, Any], said: str) -> None:
    assert said in refused(write(tmp_path, rules)).message_en


def test_an_operators_files_stand_beside_the_shipped_and_a_broken_one_disturbs_nothing(tmp_path: Path) -> None:
    write(tmp_path, derived(change("3.2", {"note": both("Ghi", "Note")})), "good.yaml")
    write(tmp_path, content(), "taken.yaml")
    write(tmp_path, content("tthc-2026-1") | {"id": "another"}, "monthly.yaml")
    write(tmp_path, "id: [", "broken.yaml")
    found = library(tmp_path)
    assert tuple(sorted(found.entries)) == tuple(sorted((*SHIPPED, "tinh-25-2027")))
    assert sorted(fault.message_en.split()[3] for fault in found.faults) == ["broken.yaml", "monthly.yaml", "taken.yaml"]
    assert find_scoring("tinh-25-2027", tmp_path).owner == "25"
    assert find_scoring(str(tmp_path / "good.yaml")).id == "tinh-25-2027"


# ---- kept with an edition


def test_an_edition_keeps_the_sets_of_its_month_with_their_changes(tmp_path: Path) -> None:
    own = write(tmp_path / "own", derived(change("3.2", {"points": 3}), change("3.3", {"points": 7})))
    keep_rules(tmp_path, Month(2026, 10), tmp_path / "own")
    assert list(kept_rules(tmp_path)) == ["qd766-2022"]
    keep_rules(tmp_path, Month(2027, 2), tmp_path / "own")
    own.unlink()
    kept = kept_rules(tmp_path)
    assert kept["qd766-2022"] == find_scoring("qd766-2022")
    assert {item.id: item.points for item in kept["tinh-25-2027"].indicators}["3.2"] == 3
    assert kept_rules(tmp_path / "own") == {}


# ---- in words


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_part_of_a_set_is_on_its_page(sqlite_app: Any, name: str, language: str) -> None:
    from tests.pages.helpers import text_of

    answer = sqlite_app.test_client().get(f"/rules/{name}?lang={language}")
    assert answer.status_code == 200
    said = " ".join(text_of(answer.text).replace("&#34;", '"').split())
    rules = library().entries[name].rules
    if isinstance(rules, CountRules):
        wanted = [rules.title, rules.source, *rules.caveats, rules.missing_why, rules.rounding.why]
        for group in rules.groups:
            wanted += [group.name, *filter(None, (group.note, group.uncertain))]
            for item in group.indicators:
                wanted += [item.name, *filter(None, (item.numerator, item.denominator, item.note, item.uncertain)), *item.levels]
        wanted += [band.name for band in rules.bands]
    elif isinstance(rules, MeasureList):
        wanted = [rules.title, rules.source, *rules.caveats, *rules.requirements, *(item.name for item in rules.measures)]
    else:
        with sqlite_app.test_request_context("/"):
            facts = page(library().entries[name]).facts
        assert language == "en" or [text for _label, text in facts if " ".join(text.split()) not in said] == []
        numbers = [*rules.disclosure.model_dump().values(), rules.close_from_day, rules.gaps.minimum_dossiers]
        numbers += [round(100 * rules.gaps.counter_share), *(rules.phantom.model_dump().values() if rules.phantom else ())]
        told = Counter(re.findall(r"\d+", " ".join(text for _label, text in facts)))
        assert Counter(map(str, numbers)) <= told
        return
    missing = [text.vi for text in wanted if " ".join(getattr(text, language).split()) not in said]
    assert missing == []


def test_the_list_names_all_and_an_unknown_set_is_not_found(sqlite_app: Any) -> None:
    client = sqlite_app.test_client()
    listed = client.get("/rules").text
    assert all(f"/rules/{name}" in listed for name in SHIPPED)
    assert client.get("/rules/none").status_code == 404
    assert 'href="/rules"' in client.get("/method").text


def test_a_formula_is_said_with_its_numbers(sqlite_app: Any) -> None:
    rules = find_scoring("qd766-2022")
    with sqlite_app.test_request_context("/"):
        said = {item.id: formula(rules, item) for item in rules.indicators}
        assert said["2.1"] == "Điểm = 20 × (tử số / mẫu số), cao nhất 20."
        assert "hệ số đồng bộ" in said["3.3"]
        assert "50" in said["3.3"]
        made = page(library().entries["qd766-2022"])
    online = next(item for section in made.sections for item in section.items if item.id == "3.2")
    assert online.example == "406/1.968 = 20,63\u202f% → 0,8252 điểm"
    assert made.worked is not None
    assert made.worked.band == "Trung bình"
