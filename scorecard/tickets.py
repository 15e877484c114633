"""Turned away before a dossier existed: queue tickets beside the dossiers that the same points registered on the same days.

Tickets less registered dossiers are visits that did not become a dossier. That is no count of people turned away: one person may take
several numbers or hand in several dossiers with one; people also come to ask, to fetch a result, to add papers; and a point may register
tomorrow what it took in today. The list says so wherever it is shown.
"""

from typing import TYPE_CHECKING

from procedures.folding import plain
from scorecard.edition_tables import Column, EditionTable, TableMaterial

if TYPE_CHECKING:
    import pandas as pd

LEAST = 3  # dossiers of a point and field, fewer are not told
EPOCH = 719_163  # ordinal of 1970-01-01


def _rows(material: TableMaterial) -> "pd.DataFrame":
    import pandas as pd

    from scorecard.arrivals import at_points

    services = material.inputs.services
    columns = [column.name for column in QUEUE.columns]
    if not services.tickets:
        return pd.DataFrame(columns=columns)
    sources = [source.code for source in material.inputs.sources]
    points = {item.unit_code for item in services.tickets}
    found = at_points(material.lake_files, sources, material.inputs.month, points)
    fields = {(item.unit_code, plain(item.field)) for item in services.tickets}
    sent = {(item.unit_code, item.day.toordinal() - EPOCH, plain(item.field)) for item in services.tickets}
    registered: dict[tuple[str, str], int] = {}
    for row in found.to_dict("records"):
        point, day = str(row["point"]), int(row["day"])
        sector = plain(services.catalogue.get(str(row["procedure_code"]), ("", False))[0])
        field = sector if (point, sector) in fields else ""  # the machine's other numbers, or its only ones
        if (point, day, field) in sent:
            registered[point, field] = registered.get((point, field), 0) + int(row["dossiers"])
    sums: dict[tuple[str, str], dict[str, object]] = {}
    for item in services.tickets:
        key = (item.unit_code, plain(item.field))
        line = sums.setdefault(key, {"unit_code": item.unit_code, "field": item.field, "days": set(), "tickets": 0})
        line["tickets"] = int(str(line["tickets"])) + item.tickets
        line["days"] = {item.day} | set(line["days"])  # type: ignore[call-overload]
    rows = []
    for key, line in sorted(sums.items()):
        dossiers, tickets = registered.get(key, 0), int(str(line["tickets"]))
        few = 0 < dossiers < LEAST
        rows.append(
            {
                "unit_code": line["unit_code"],
                "field": line["field"],
                "days": len(line["days"]),  # type: ignore[arg-type]
                "tickets": tickets,
                "dossiers": None if few else dossiers,
                "not_yet": None if few else max(0, tickets - dossiers),
                "surplus": None if few else max(0, dossiers - tickets),
            }
        )
    return pd.DataFrame(rows, columns=columns)


QUEUE = EditionTable(
    "queue_tickets",
    "Lượt đến chưa thành hồ sơ",
    "Visits that did not become a dossier",
    (
        Column("unit_code", "Điểm tiếp nhận", "Reception point"),
        Column("field", "Lĩnh vực theo máy lấy số", "Field, as the queue machine names it"),
        Column("days", "Số ngày có số liệu", "Days with data", "count"),
        Column("tickets", "Lượt lấy số", "Tickets", "count"),
        Column("dossiers", "Hồ sơ trực tiếp đăng ký cùng ngày", "Dossiers brought in and registered on the same days", "count"),
        Column("not_yet", "Lượt đến chưa thành hồ sơ", "Visits without a dossier", "count"),
        Column("surplus", "Hồ sơ nhiều hơn lượt lấy số", "Dossiers beyond the tickets", "count"),
    ),
    _rows,
)


def _petitions(material: TableMaterial) -> "pd.DataFrame":
    import pandas as pd

    columns = [column.name for column in SENT_IN.columns]
    return pd.DataFrame(
        [
            {
                "unit_code": item.unit_code,
                "subject": item.subject,
                "received": item.received,
                "on_time": item.on_time,
                "reopened": item.reopened,
            }
            for item in material.inputs.services.petitions
        ],
        columns=columns,
    )


SENT_IN = EditionTable(
    "petitions",
    "Phản ánh, kiến nghị về thủ tục",
    "Petitions about procedures",
    (
        Column("unit_code", "Đơn vị", "Unit"),
        Column("subject", "Nội dung", "Subject"),
        Column("received", "Tiếp nhận", "Received", "count"),
        Column("on_time", "Trả lời đúng hạn", "Answered on time", "count"),
        Column("reopened", "Phải mở lại", "Opened again", "count"),
    ),
    _petitions,
)
TABLES = (QUEUE, SENT_IN)
