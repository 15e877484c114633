"""Petitions as the third witness: each is put beside the facts of ``mismatch.FACTS`` that its subject is about. Pure.

Subjects are words of whoever keeps the list, so they are told by phrases. A subject may be about several facts, and then counts beside
each; what is about none of them and what has no subject are counted apart, so that nothing is left out.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from procedures.folding import plain
from scorecard.edition_tables import Column, EditionTable, TableMaterial
from scorecard.figures import COUNTRY, NATION
from scorecard.parties import above
from scorecard.rows import Key, Place

if TYPE_CHECKING:
    import pandas as pd

    from procedures.petitions import Petitions

OTHER, UNDIVIDED = "other", "undivided"  # of a subject that no fact is about; of none
COUNTED = ("received", "on_time", "reopened")
PAPERS = ("thanh phan ho so", "giay to", "tai lieu", "document", "paper")
PHRASES: dict[str, tuple[str, ...]] = {  # fact: phrases of a subject about it, as ``plain`` gives them
    "supplement": (
        "bo sung",
        "hoan thien ho so",
        "tra ho so",
        "di lai nhieu",
        "tra lai ho so",
        "ho so bi tra",
        "lam lai ho so",
        "them giay",
        "them xac nhan",
        "supplement",
        *PAPERS,
    ),
    "again": (
        "nop lai",
        "khai lai",
        "khai bao lai",
        "cung cap lai",
        "yeu cau lai",
        "da cung cap",
        "du lieu da co",
        "da co trong",
        "khai nhieu lan",
        "thong tin nhieu lan",
        "so ho khau",
        "declare once",
        "asked again",
        *PAPERS,
    ),
    "time": (
        *("thoi han", "thoi gian", "tien do", "qua han", "tre han", "dung han", "hen tra", "keo dai", "cham tre", "cham muon"),
        *(
            "giai quyet cham",
            "xu ly cham",
            "tra loi cham",
            "cham giai quyet",
            "cham xu ly",
            "cham tra",
            "tra cham",
            "ket qua cham",
            "ho so cham",
            "cham so voi",
        ),
        *("tre hen", "dung hen", "tra tre", "ket qua tre", "giai quyet tre", "ngay hen", "ton dong", "qua lau", "da lau", "lau chua"),
        *("late", "delay", "time"),
    ),
    "online": (
        "truc tuyen",
        "he thong",
        "phan mem",
        "cong dich vu cong",
        "tai khoan",
        "vneid",
        "qua mang",
        "dvc",
        "dvcqg",
        "dang nhap",
        "ung dung",
        "trang web",
        "website",
        "chu ky so",
        "online",
        "system",
    ),
    "cost": (
        "le phi",
        "chi phi",
        "muc phi",
        "thu phi",
        "thu tien",
        "voi vinh",
        "nhung nhieu",
        "hoi lo",
        "boi duong",
        "doi tien",
        "them tien",
        "dua tien",
        "nhan tien",
        "lot tay",
        "phong bi",
        "tieu cuc",
        "fee",
        "fees",
        "cost",
    ),
}


@lru_cache(maxsize=4_000)
def facts_of(subject: str) -> tuple[str, ...]:
    """The facts that a subject is about; ``OTHER`` or ``UNDIVIDED`` where it is about none."""
    words = f" {plain(subject)} "
    if not words.strip():
        return (UNDIVIDED,)
    return tuple(fact for fact, phrases in PHRASES.items() if any(f" {phrase} " in words for phrase in phrases)) or (OTHER,)


def joined(petitions: Iterable["Petitions"], places: Mapping[str, Place]) -> dict[tuple[str, str], dict[str, int]]:
    """Sums of ``COUNTED`` by place (everything below it included; the nation as ``COUNTRY``) and fact."""
    found: dict[tuple[str, str], dict[str, int]] = {}
    for item in petitions:
        for key in above(places, item.unit_code):
            for fact in facts_of(item.subject):
                sums = found.setdefault((_code(key), fact), dict.fromkeys(COUNTED, 0))
                for name in COUNTED:
                    sums[name] += int(getattr(item, name))
    return found


def _code(key: Key) -> str:
    return COUNTRY if key[0] == NATION else key[1]


def _rows(material: TableMaterial) -> "pd.DataFrame":
    import pandas as pd

    return pd.DataFrame(list(_listed(material)), columns=[column.name for column in TABLES[0].columns])


def _listed(material: TableMaterial) -> Iterator[tuple[Any, ...]]:
    """The nation first, then places by code; of each the facts in their order, then the rest."""
    order = {fact: place for place, fact in enumerate((*PHRASES, OTHER, UNDIVIDED))}
    sums = joined(material.inputs.services.petitions, material.inputs.places)
    for code, fact in sorted(sums, key=lambda key: (key[0] != COUNTRY, key[0], order[key[1]])):
        yield (code, fact, *(sums[code, fact][name] for name in COUNTED))


TABLES = (
    EditionTable(
        name="petition_facts",
        title_vi="Phản ánh, kiến nghị theo điều được so",
        title_en="Petitions by the fact that is compared",
        columns=(
            Column("place_code", "Mã đơn vị", "Code of the place"),
            Column("fact", "Điều được so", "Fact"),
            Column("received", "Tiếp nhận", "Received", "count"),
            Column("on_time", "Trả lời đúng hạn", "Answered on time", "count"),
            Column("reopened", "Phải mở lại", "Opened again", "count"),
        ),
        rows=_rows,
    ),
)
