"""What the sender is told of a submission where no page is looked at: as JSON for systems, as text beside a dropped file."""

from datetime import datetime
from typing import Any

from core.calendar import TIMEZONE
from core.errors import InputError
from procedures import mapping
from procedures.models import Submission
from procedures.reading import label
from procedures.rules import FIELD_OF, RULES

FINISHED = ("accepted", "partly_accepted", "rejected")
STATES = {
    "received": ("đã tới nơi, chờ kiểm tra", "received, waiting to be checked"),
    "checked": ("đã kiểm tra, chưa nạp", "checked, not loaded yet"),
    "accepted": ("đã nhận đủ", "accepted"),
    "partly_accepted": ("nhận một phần", "partly accepted"),
    "rejected": ("không nhận", "rejected"),
}
COUNTS = ("received", "accepted", "superseded", "unchanged", "quarantined")


def as_json(submission: Submission) -> dict[str, Any]:
    """State, times (ISO 8601, UTC), reason, counts, rules that held rows back or marked them, months. Names no person."""
    return {
        "submission": submission.key,
        "source": submission.source.code,
        "profile": submission.profile,
        "file": submission.file_name,
        "size": submission.size_bytes,
        "sha256": submission.sha256,
        "simulated": submission.source.simulated,
        "state": submission.state,
        "finished": submission.state in FINISHED,
        "reason_vi": submission.reason,
        "reason_en": submission.reason_en,
        "received_at": _instant(submission.received_at),
        "checked_at": _instant(submission.checked_at),
        "finished_at": _instant(submission.finished_at),
        "rows": {name: getattr(submission, f"rows_{name}") for name in (*COUNTS, "released")},
        "quarantined": _by_rule(submission.profile, submission.quarantined),
        "warnings": _by_rule(submission.profile, submission.warnings),
        "notes": submission.notes,
        "months": submission.months,
    }


def as_text(submission: Submission) -> str:
    """The same for a person, Vietnamese first; ends with a line break."""
    told = as_json(submission)
    return "\n\n".join(_text(told, place) for place in (0, 1)) + "\n"


def _text(told: dict[str, Any], place: int) -> str:
    """``place``: 0 Vietnamese, 1 English."""
    suffix = ("vi", "en")[place]
    rows = told["rows"]
    simulated = ("SỐ LIỆU MÔ PHỎNG. ", "SIMULATED DATA. ")[place] if told["simulated"] else ""
    at = told["finished_at"] or told["received_at"]
    moment = f"{datetime.fromisoformat(at).astimezone(TIMEZONE):%H:%M %d/%m/%Y}"
    lines = [
        f"{simulated}{told['file']}: {STATES[told['state']][place]} ({moment}).",
        ("Mã lần gửi: ", "Submission: ")[place] + told["submission"],
    ]
    if told[f"reason_{suffix}"]:
        lines.append(("Lý do: ", "Reason: ")[place] + told[f"reason_{suffix}"])
    if told["finished"]:
        words = (
            ("dòng đã nhận", "mới hoặc cập nhật", "bị bản mới hơn thay thế", "không đổi", "giữ lại"),
            ("rows received", "accepted", "superseded by newer ones", "unchanged", "held back"),
        )[place]
        counted = [f"{rows[name]} {word}" for name, word in zip(COUNTS, words, strict=True)]
        lines.append(f"{counted[0]} = {' + '.join(counted[1:])}.")
    for item in told["quarantined"]:
        lines.append(f"- {item['rows']} {('dòng giữ lại', 'rows held back')[place]}: {item[f'message_{suffix}']}")
    for item in told["warnings"]:
        lines.append(f"- {item['rows']} {('dòng nhận kèm lưu ý', 'rows kept with a warning')[place]}: {item[f'message_{suffix}']}")
    lines += [f"- {note[suffix]}" for note in told["notes"] if note.get(suffix)]
    return "\n".join(lines)


def _instant(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat(timespec="seconds").replace("+00:00", "Z")


def _by_rule(profile_name: str, rows: dict[str, int]) -> list[dict[str, Any]]:
    """Most rows first; a rule is told as ``code`` or ``code:field``."""
    try:
        profile = mapping.load(profile_name)
    except InputError:  # it was removed after the file had come
        profile = None
    found = []
    for told, count in sorted(rows.items(), key=lambda item: (-item[1], item[0])):
        code, _colon, field = told.partition(":")
        field = field or FIELD_OF.get(code, "")
        heading = label(profile, field) if profile is not None and field else ""
        rule = RULES.get(code)
        vi = rule.vi.format(field=heading or "Một cột") if rule else code
        en = rule.en.format(field=heading or "A column") if rule else code
        found.append({"rule": code, "field": heading or None, "rows": count, "message_vi": vi, "message_en": en})
    return found
