"""Lists about declaring once that belong to an edition: what connecting a database is worth, what to restructure, signs of requests that
are not on record."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from scorecard.edition_tables import Column, EditionTable, TableMaterial
from scorecard.figures import COUNTRY, RAW, UNIT, VALUE
from scorecard.hidden_supplements import EITHER
from scorecard.rows import named

if TYPE_CHECKING:
    import pandas as pd

PUBLISH, CONNECT = "publish", "connect"  # what has to happen before a database spares requests
ANSWERED_SIGN = "mismatch_any"  # a unit's answers are looked at only where this figure of it may be shown
LEAST_CELL = 30  # dossiers of a procedure in a place, methodology §7.5
LEAST_UNIT = 30  # dossiers of a unit, before its zero can mean anything
LEAST_ANSWERS = 10
PROVINCE_LEVEL, UNIT_LEVEL = "province", "unit"


def _connection_value(material: TableMaterial) -> "pd.DataFrame":
    """Dossiers that would have been spared a request, by register, for the nation and each province or ministry."""
    import pandas as pd

    from scorecard.inputs import read_json

    registry = read_json(material.folder / "registers.json")
    columns = ["dossiers", "unreached", "spared"]
    counts = material.register_counts
    places = counts.groupby(["province_code", "register_code"], as_index=False)[columns].sum()
    nation = counts.groupby("register_code", as_index=False)[columns].sum().assign(province_code=COUNTRY)
    rows = pd.concat([nation, places[places["province_code"] != ""]], ignore_index=True)
    rows = rows[rows["unreached"] > 0]
    registers = {item["code"]: item for item in registry["registers"]}
    published = {code: item["published_from"] for code, item in registers.items()}
    owners = {source.code: source.province for source in material.inputs.sources if source.province}
    reached: dict[str, set[str]] = {}
    for register, source, day in registry["systems"]:
        if source in owners and day <= material.inputs.month.last_day.isoformat():
            reached.setdefault(register, set()).add(owners[source])
    every = set(owners.values())

    def unconnected(row: Any) -> int:
        wanted = every if row.province_code == COUNTRY else {row.province_code} & every
        return len(wanted - reached.get(row.register_code, set()))

    told = list(rows.itertuples(index=False))
    rows = rows.assign(
        unconnected=[unconnected(row) for row in told],
        systems=[len(every) if row.province_code == COUNTRY else 1 for row in told],
        published_from=pd.Series([published.get(row.register_code) for row in told], index=rows.index, dtype="object"),
        action=[CONNECT if published.get(row.register_code) else PUBLISH for row in told],
        keeper=[registers.get(row.register_code, {}).get("keeper", "") for row in told],
        keeper_en=[registers.get(row.register_code, {}).get("keeper_en", "") for row in told],
    )
    first = rows["province_code"] == COUNTRY
    return rows.assign(order=~first).sort_values(
        ["order", "province_code", "spared", "unreached", "register_code"], ascending=[True, True, False, False, True]
    )


def _request_classes(material: TableMaterial) -> "pd.DataFrame":
    """Papers asked for, by class and by the legal test applied, for the nation and each province or ministry."""
    import pandas as pd

    counts, owner = material.class_counts, _owner(material)
    counts = counts.assign(province_code=named(counts["handling_unit"], owner), test_code=counts["test_code"].fillna(""))
    by = ["paper_class", "test_code"]
    nation = counts.groupby(by, as_index=False)[["documents", "dossiers"]].sum().assign(province_code=COUNTRY)
    places = counts.groupby(["province_code", *by], as_index=False)[["documents", "dossiers"]].sum()
    rows = pd.concat([nation, places[places["province_code"] != ""]], ignore_index=True)
    return rows.assign(order=rows["province_code"] != COUNTRY).sort_values(["order", "province_code", *by])


def _restructuring(material: TableMaterial) -> "pd.DataFrame":
    """Procedures that are offered online, hardly filed so and often sent back, in provinces and in single units: the bounds of both
    intervals lie beyond the national median of all procedures and provinces with ``LEAST_CELL`` dossiers. Most people affected first."""
    import pandas as pd

    from scorecard.statistics import wilson

    names = {"received": "online_filing_den", "online": "online_filing_raw", "dossiers": "supplement_den", "people": "supplement_raw"}
    offered = {(unit, procedure) for unit, procedure, level in material.inputs.offerings if level != "none"}
    parts = []
    medians: tuple[float, float] | None = None
    for level, place in ((PROVINCE_LEVEL, "province_code"), (UNIT_LEVEL, "handling_unit")):
        sums = _counted(
            material, list(dict.fromkeys(["province_code", place, "procedure_code"])), names, dossiers=LEAST_CELL, received=LEAST_CELL
        )
        pairs = zip(sums["province_code"], sums["procedure_code"], strict=True)
        sums = sums[pd.Series([pair in offered for pair in pairs], index=sums.index, dtype=bool)]  # also of no cell at all
        if medians is None:
            medians = (
                (float((sums["online"] / sums["received"]).median()), float((sums["people"] / sums["dossiers"]).median()))
                if len(sums)
                else (0.0, 1.0)
            )
        _, online_high = wilson(sums["online"].to_numpy(), sums["received"].to_numpy(), material.inputs.rules.z)
        supplement_low, _ = wilson(sums["people"].to_numpy(), sums["dossiers"].to_numpy(), material.inputs.rules.z)
        sums = sums.assign(
            level=level,
            place_code=sums[place],
            online_high=online_high,
            supplement_low=supplement_low,
            online_median=medians[0],
            supplement_median=medians[1],
        )
        parts.append(sums[(sums["online_high"] < medians[0]) & (sums["supplement_low"] > medians[1])])
    found: pd.DataFrame = pd.concat(parts, ignore_index=True)
    return found.sort_values(["level", "people", "place_code", "procedure_code"], ascending=[True, False, True, True])


def _recorded(material: TableMaterial) -> "pd.DataFrame":
    """Dossiers with a recorded request, of those of set D: what the first test compares."""
    cells = _counted(material, ["handling_unit", "procedure_code"], {"n": "supplement_den", "k": "supplement_raw"}, n=1)
    return _known(cells, _kinds(material))


def _counted(material: TableMaterial, by: Sequence[str], names: Mapping[str, str], **least: int) -> "pd.DataFrame":
    """Sums of the edition's wide counts, sorted by the columns that they are made by. ``names``: what a sum is called → its column;
    ``least``: what a sum has to come to."""
    from core.lake import connect, fetch

    engine = connect()
    try:
        cells = engine.read_parquet(material.folder / "counts.parquet")
        sums = cells.group_by(list(by)).agg(**{name: cells[column].sum().cast("int64") for name, column in names.items()})
        sums = sums.filter(*(sums[name] >= number for name, number in least.items()))
        found: pd.DataFrame = fetch(engine, sums.order_by(list(by))).to_pandas()
    finally:
        engine.disconnect()
    return found.astype(dict.fromkeys(by, "str") | dict.fromkeys(names, "int64"))


def _kinds(material: TableMaterial) -> dict[str, str]:
    return {place.code: place.kind for place in material.inputs.places.values()}


def _owner(material: TableMaterial) -> dict[str, str]:
    """The province or ministry of each unit."""
    return {place.code: place.province or place.code for place in material.inputs.places.values()}


def _signs(material: TableMaterial) -> "pd.DataFrame":
    """Units with what the three tests say of them; only where one says something."""
    from scorecard.zeros import tails

    kinds = _kinds(material)
    zero = tails(material.once(_recorded), lower=True, least=LEAST_UNIT)
    found = zero.rename(columns={"unit": "unit_code", "n": "dossiers", "flagged": "zero", "k": "recorded"}).drop(columns=["p", "telling"])
    found["expected"] = found["expected"].round()
    if material.refiled is not None:
        # units are compared with each other, and all of them were followed for the same days
        again = tails(_cells(material.refiled, kinds, f"{EITHER}_den", f"{EITHER}_raw"), lower=False, least=LEAST_UNIT)
        again = again.rename(columns={"unit": "unit_code", "flagged": "refiled", "k": "refiled_dossiers"})
        found = found.merge(again[["unit_code", "refiled", "refiled_dossiers"]], how="outer", on="unit_code")
    else:
        found = found.assign(refiled=False, refiled_dossiers=None)
    people = tails(_told(material, kinds), lower=False, least=LEAST_ANSWERS).rename(columns={"unit": "unit_code", "flagged": "people"})
    found = found.merge(people[["unit_code", "people"]], how="outer", on="unit_code")
    for name in ("zero", "refiled", "people"):
        found[name] = found[name].astype("boolean").fillna(False)
    signs = found[["zero", "refiled", "people"]].astype("int64").sum(axis=1)
    owner = _owner(material)
    return found.assign(signs=signs, province_code=named(found["unit_code"], owner))


def _cells(frame: "pd.DataFrame", kinds: dict[str, str], n: str, k: str) -> "pd.DataFrame":
    return _known(frame.groupby(["handling_unit", "procedure_code"], as_index=False)[[n, k]].sum().rename(columns={n: "n", k: "k"}), kinds)


def _known(cells: "pd.DataFrame", kinds: dict[str, str]) -> "pd.DataFrame":
    """What ``zeros.tails`` compares, of units whose kind is known."""
    cells = cells.rename(columns={"handling_unit": "unit", "procedure_code": "procedure"})
    cells = cells.assign(kind=named(cells["unit"], kinds))
    return cells[(cells["n"] > 0) & (cells["kind"] != "")]


def _told(material: TableMaterial, kinds: dict[str, str]) -> "pd.DataFrame":
    """Of people invited about a dossier that records no request, who answered how often they were asked: how many say that they were.

    Of an answer given without an invitation, or on trial, no record is known.
    """
    from scorecard.survey_estimates import by_invitation

    answers = by_invitation(material.inputs.answers)
    month = [row for row in material.rows if (row.window, row.breakdown) == (1, "total")]
    shown = {row.subject_code for row in month if (row.subject_kind, row.indicator, row.variant, row.status) == _SHOWN}
    times = answers["supplement_count"].astype("object")
    silent = times.isin(("0", "1", "2+")) & (answers["recorded_supplements"].fillna(-1) == 0)
    told = answers[silent.astype(bool)]
    told = told.assign(
        handling_unit=told["unit_code"].astype("str"), n=1, k=(told["supplement_count"].astype("object") != "0").astype("int64")
    )
    cells = _cells(told, kinds, "n", "k")
    return cells[cells["unit"].isin(list(shown))]


_SHOWN = (UNIT, ANSWERED_SIGN, RAW, VALUE)


def _hidden_supplements(material: TableMaterial) -> "pd.DataFrame":
    """Units on which at least two of the three tests agree: none is named on one alone."""
    found = material.once(_signs)
    return found[found["signs"] >= 2].sort_values(["signs", "dossiers", "unit_code"], ascending=[False, False, True])


def _hidden_supplement_signs(material: TableMaterial) -> "pd.DataFrame":
    """How many units each test points to, for the nation and each province or ministry; no unit is named."""
    import pandas as pd

    found = material.once(_signs)
    tested = found.assign(units=1, two=found["signs"] >= 2)
    columns = ["units", "zero", "refiled", "people", "two"]
    tested = tested.astype(dict.fromkeys(columns, "int64"))
    nation = pd.DataFrame([{"province_code": COUNTRY} | tested[columns].sum().to_dict()])
    places = tested.groupby("province_code", as_index=False)[columns].sum()
    return pd.concat([nation, places[places["province_code"] != ""]], ignore_index=True)


def _zero_reach(material: TableMaterial) -> "pd.DataFrame":
    """Of how many units a record without any request can say something, and of how many it can not, and why."""
    import pandas as pd

    from scorecard.zeros import tails

    cells = material.once(_recorded)
    units = cells.groupby("unit", as_index=False)["n"].sum()
    units = units[units["n"] >= LEAST_UNIT]
    judged = tails(cells, lower=True, least=LEAST_UNIT)
    compared, telling = units["unit"].isin(judged["unit"]), units["unit"].isin(judged.loc[judged["telling"].astype(bool), "unit"])
    owner = _owner(material)
    flags = {"units": 1, "comparable": telling, "uneven": compared & ~telling, "few_peers": ~compared}
    units = units.assign(province_code=named(units["unit"], owner), **flags)
    units = units.astype({"province_code": "str"} | dict.fromkeys(flags, "int64"))
    nation = pd.DataFrame([{"province_code": COUNTRY} | units[list(flags)].sum().to_dict()])
    places = units.groupby("province_code", as_index=False)[list(flags)].sum()
    found: pd.DataFrame = pd.concat([nation, places[places["province_code"] != ""]], ignore_index=True)
    return found


_PLACE = Column("province_code", "Mã tỉnh, bộ (VN: cả nước)", "Province or ministry (VN: the nation)")
TABLES = (
    EditionTable(
        "connection_value",
        "Kết nối cơ sở dữ liệu thì bớt được bao nhiêu yêu cầu",
        "What connecting a database is worth",
        (
            _PLACE,
            Column("register_code", "Mã cơ sở dữ liệu", "Database"),
            Column("spared", "Hồ sơ lẽ ra không bị yêu cầu", "Dossiers that would have been spared a request", "count"),
            Column("unreached", "Hồ sơ bị yêu cầu giấy tờ chưa khai thác được", "Dossiers asked for a paper out of reach", "count"),
            Column("dossiers", "Hồ sơ bị yêu cầu giấy tờ cơ sở dữ liệu này giữ", "Dossiers asked for a paper that it holds", "count"),
            Column("unconnected", "Số hệ thống chưa kết nối", "Systems not connected", "count"),
            Column("systems", "Số hệ thống", "Systems", "count"),
            Column("published_from", "Công bố từ ngày", "Published from", "day"),
            Column("action", "Việc cần làm (publish: công bố, connect: kết nối)", "What has to be done (publish, connect)"),
            Column("keeper", "Cơ quan chủ quản", "Keeper"),
            Column("keeper_en", "Cơ quan chủ quản (tiếng Anh)", "Keeper (English)"),
        ),
        _connection_value,
    ),
    EditionTable(
        "request_classes",
        "Giấy tờ bị yêu cầu theo lớp và quy định áp dụng",
        "Papers asked for, by class and test applied",
        (
            _PLACE,
            Column("paper_class", "Lớp (F12: F1 hoặc F2; F23: F2 hoặc F3)", "Class (F12: F1 or F2; F23: F2 or F3)"),
            Column("test_code", "Quy định áp dụng", "Test applied"),
            Column("documents", "Giấy tờ", "Papers", "count"),
            Column("dossiers", "Hồ sơ", "Dossiers", "count"),
        ),
        _request_classes,
    ),
    EditionTable(
        "restructuring",
        "Thủ tục cần tái cấu trúc (Phụ lục 3b)",
        "Procedures to be restructured (Annex 3b)",
        (
            Column("level", "Cấp (province: tỉnh; unit: đơn vị xử lý)", "Level (province or handling unit)"),
            Column("place_code", "Mã nơi", "Place"),
            _PLACE,
            Column("procedure_code", "Mã thủ tục", "Procedure"),
            Column("people", "Hồ sơ bị yêu cầu bổ sung", "Dossiers with a supplement request", "count"),
            Column("dossiers", "Hồ sơ trong tập D", "Dossiers in set D", "count"),
            Column("supplement_low", "Cận dưới tỷ lệ bổ sung", "Lower bound of the supplement rate", "share"),
            Column("supplement_median", "Trung vị cả nước, bổ sung", "National median, supplements", "share"),
            Column("online", "Hồ sơ nộp trực tuyến", "Filed online", "count"),
            Column("received", "Hồ sơ tiếp nhận", "Received", "count"),
            Column("online_high", "Cận trên tỷ lệ trực tuyến", "Upper bound of the online rate", "share"),
            Column("online_median", "Trung vị cả nước, trực tuyến", "National median, online", "share"),
        ),
        _restructuring,
    ),
    EditionTable(
        "hidden_supplements",
        "Đơn vị có từ hai dấu hiệu yêu cầu bổ sung không ghi nhận: cần xác minh",
        "Units with two signs of requests that are not on record: to be verified",
        (
            Column("unit_code", "Mã đơn vị", "Unit"),
            _PLACE,
            Column("dossiers", "Hồ sơ trong tập D", "Dossiers in set D", "count"),
            Column("recorded", "Hồ sơ có yêu cầu bổ sung ghi nhận", "Dossiers with a recorded request", "count"),
            Column("expected", "Số mong đợi theo cơ cấu thủ tục", "Expected for its mix of procedures", "count"),
            Column("refiled_dossiers", "Hồ sơ kết thúc không có kết quả rồi nộp lại", "Ended without a result and filed again", "count"),
            Column("zero", "Không ghi nhận yêu cầu nào, ít hơn hẳn đơn vị tương đương", "No request on record, far from its peers", "flag"),
            Column("refiled", "Nộp lại nhiều hơn hẳn đơn vị tương đương", "Filed again far more often than its peers", "flag"),
            Column("people", "Người dân nêu yêu cầu mà hồ sơ không ghi nhận", "People report requests that the record lacks", "flag"),
            Column("signs", "Số dấu hiệu", "Signs", "count"),
        ),
        _hidden_supplements,
    ),
    EditionTable(
        "hidden_supplement_signs",
        "Số đơn vị theo dấu hiệu yêu cầu bổ sung không ghi nhận",
        "Units by sign of requests that are not on record",
        (
            _PLACE,
            Column("units", "Đơn vị được xét", "Units tested", "count"),
            Column("zero", "Không ghi nhận yêu cầu nào, ít hơn hẳn đơn vị tương đương", "No request on record, far from peers", "count"),
            Column("refiled", "Nộp lại nhiều hơn hẳn", "Filed again far more often", "count"),
            Column("people", "Người dân nêu mà hồ sơ không ghi nhận", "People report what the record lacks", "count"),
            Column("two", "Từ hai dấu hiệu", "Two signs or more", "count"),
        ),
        _hidden_supplement_signs,
    ),
    EditionTable(
        "zero_reach",
        "Đơn vị mà việc không ghi nhận yêu cầu nào nói lên được điều gì",
        "Units of which a record without any request tells something",
        (
            _PLACE,
            Column("units", "Đơn vị có từ 30 hồ sơ", "Units with 30 dossiers or more", "count"),
            Column("comparable", "So sánh được", "Comparable", "count"),
            Column(
                "uneven",
                "Không có yêu cầu nào cũng không lạ: đơn vị tương đương quá khác nhau, hoặc thủ tục hiếm khi phải bổ sung",
                "None at all would be no surprise: peers too uneven, or procedures that hardly ever need a supplement",
                "count",
            ),
            Column("few_peers", "Dưới 8 đơn vị cùng loại để so", "Fewer than 8 units of the kind to compare with", "count"),
        ),
        _zero_reach,
    ),
)
