"""The dossier as the lake keeps it: one row each, whole, with its status history and supplement requests nested.

Instants are UTC microseconds; ``utc_offset_minutes`` keeps the offset that the source wrote. Statuses and channels are
the codes of the national sync message (methodology §8.1, §8.3).
"""

from pathlib import Path
from typing import TYPE_CHECKING

from core.lake import LakeTable

if TYPE_CHECKING:
    import pyarrow as pa

END_STATUSES = (3, 7, 8, 9, 10)  # refused; withdrawn; stopped; handled; result returned
PARTITION = ("reception_month", "source")
CHANNELS = {1: "in_person", 2: "online", 3: "post", 4: "kiosk"}


def dossier_schema() -> "pa.Schema":
    """Arrow schema of the lake's dossier table."""
    import pyarrow as pa

    text, instant = pa.string(), pa.timestamp("us", "UTC")
    document = pa.struct([("code", text), ("name", text)])
    event = pa.struct([("at", instant), ("status", pa.int8()), ("source_status", text), ("activity", text), ("department", text)])
    supplement = pa.struct([("requested_at", instant), ("answered_at", instant), ("text", text), ("documents", pa.list_(document))])
    lookup = pa.struct([("database", text), ("at", instant), ("outcome", text)])
    return pa.schema(
        [
            ("source", text),  # partition
            ("reception_month", text),  # partition: 2026-10, cut in Asia/Ho_Chi_Minh
            ("dossier_code", text),
            ("procedure_code", text),
            ("handling_unit", text),  # canonical unit code
            ("receiving_unit", text),
            ("reception_point", text),
            ("provider", text),
            ("channel", pa.int8()),
            ("source_channel", text),
            ("applicant_type", text),  # citizen, enterprise or null
            ("applicant_hash", text),  # keyed hash of what the source calls the applicant: links a refusal to the next dossier
            ("assisted", pa.bool_()),  # filed by a clerk in the applicant's name; null: not said
            ("received_at", instant),
            ("utc_offset_minutes", pa.int16()),
            ("due_at", instant),
            ("first_due_at", instant),
            ("finished_at", instant),  # handling ended (also refused, withdrawn, stopped)
            ("returned_at", instant),
            ("status", pa.int8()),
            ("source_status", text),
            ("supplement_count", pa.int32()),
            ("digitised", pa.bool_()),
            ("reused", pa.bool_()),
            ("result_electronic", pa.bool_()),  # the result has an electronic document
            ("paid_online", pa.bool_()),
            ("data_lookups", pa.list_(lookup)),  # what was looked up in the state's databases
            ("history", pa.list_(event)),
            ("supplements", pa.list_(supplement)),
            ("updated_at", instant),
            ("submission", text),  # Submission.key
            ("row_no", pa.int32()),  # row of the submission's file
            ("warnings", pa.list_(text)),  # rules (``rule:field``) that the row broke without being held back; null: none
            ("code_day", pa.int32()),  # the day written in the dossier code (yymmdd): tells which files cannot hold the dossier
        ]
    )


def dossier_table(data_dir: Path) -> LakeTable:
    """The lake's dossier table under an installation's data folder."""
    return LakeTable(data_dir / "lake" / "dossiers", dossier_schema(), PARTITION, "code_day")
