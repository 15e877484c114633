"""Rule files as people write them: YAML in which nothing may stand twice, checked field by field, errors that say where and what to do."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError
from yaml.nodes import MappingNode

from core.errors import InputError

FOLDER = Path(__file__).with_name("rules")
MONTHLY = "monthly"  # the kind of rule set under which an edition is computed; every other kind only turns counts into points
Model = TypeVar("Model", bound=BaseModel)


class Strict(BaseModel):
    """A part of a rule file: no field that the schema does not know, nothing changed once it is read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class RuleError(ValueError):
    """What is wrong with a rule set, in both languages; pydantic hands it on with the place where it was found."""

    def __init__(self, vi: str, en: str) -> None:
        super().__init__(en)
        self.vi, self.en = vi, en


class _Once(yaml.SafeLoader):
    """YAML in which no field may be written twice: the second would silently win."""

    def construct_mapping(self, node: MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _value in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, str):
                raise _Twice(f"{key!r} must be a text", key_node.start_mark.line + 1)
            if key in seen:
                raise _Twice(f"{key!r} occurs twice", key_node.start_mark.line + 1)
            seen.add(key)
        return super().construct_mapping(node, deep)


class _Twice(yaml.YAMLError):
    def __init__(self, what: str, line: int) -> None:
        super().__init__(f"line {line}: {what}")


def load(path: Path) -> Mapping[str, Any]:
    """A rule file's content, not to be changed. Raises ``InputError`` where it cannot be read or is no list of fields."""
    try:
        return _load(path, path.stat().st_mtime_ns)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(
            f"Không mở được tệp quy tắc {path.name}: {reason}.", f"The rules file {path.name} cannot be opened: {reason}."
        ) from error


@lru_cache(maxsize=64)
def _load(path: Path, _changed: int) -> Mapping[str, Any]:
    try:
        content = yaml.load(path.read_text(encoding="utf-8-sig"), _Once)  # noqa: S506  # a SafeLoader
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(
            f"Tệp quy tắc {path.name} không phải YAML đọc được (UTF-8, không trường nào viết hai lần): {error}",
            f"The rules file {path.name} is not readable YAML (UTF-8, no field written twice): {error}",
        ) from error
    if not isinstance(content, dict):
        raise InputError(
            f"Tệp quy tắc {path.name} phải gồm các trường như id, title_vi, groups.",
            f"The rules file {path.name} must consist of fields such as id, title_vi, groups.",
        )
    return content


def check(model: type[Model], content: Mapping[str, Any], file: str) -> Model:
    """The content as a rule set. Raises ``InputError`` naming the file and, for each error, its place and what to do."""
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise refusal(file, *(_told(item, content) for item in error.errors())) from error


def refusal(file: str, *faults: tuple[str, str, str]) -> InputError:
    """Say what is wrong in a file. ``faults``: (place, Vietnamese, English)."""

    def lines(language: int) -> str:
        return "".join(f"\n- {fault[0]}: {fault[language]}" if fault[0] else f"\n- {fault[language]}" for fault in faults)

    return InputError(f"Tệp quy tắc {file} không hợp lệ:{lines(1)}", f"The rules file {file} is not valid:{lines(2)}")


_REMEDIES = {  # pydantic's type of error: what to do
    "missing": ("thiếu trường này; hãy thêm vào", "this field is missing; add it"),
    "extra_forbidden": ("không có trường nào tên này; sửa tên hoặc bỏ", "there is no field of this name; correct the name or drop it"),
    "string_type": ("phải là chữ; đặt trong dấu ngoặc kép", "must be a text; put it in quotation marks"),
    "string_pattern_mismatch": (
        "chỉ gồm chữ thường không dấu, chữ số và gạch nối; mã chỉ tiêu gồm cả dấu chấm",
        "lower-case letters, digits and hyphens only; codes of indicators may have points",
    ),
    "date_from_datetime_parsing": ("phải là ngày dạng 2026-07-01", "must be a day like 2026-07-01"),
    "date_type": ("phải là ngày dạng 2026-07-01", "must be a day like 2026-07-01"),
    "decimal_parsing": ("phải là số, ví dụ 0.8", "must be a number such as 0.8"),
    "decimal_type": ("phải là số, ví dụ 0.8", "must be a number such as 0.8"),
}


def _told(error: Any, content: Any) -> tuple[str, str, str]:
    """One of pydantic's errors: its place, and what is wrong, in both languages."""
    place = " › ".join(_steps(error["loc"], content))
    cause = error.get("ctx", {}).get("error")
    if isinstance(cause, RuleError):
        return place, cause.vi, cause.en
    if error["type"] in _REMEDIES:
        return place, *_REMEDIES[error["type"]]
    return place, f"giá trị không hợp lệ; sửa lại ({error['msg']})", f"not a valid value; correct it ({error['msg']})"


def _steps(place: Sequence[int | str], content: Any) -> Iterator[str]:
    """The place as a person would find it: an item of a list by its id, else by its number from 1."""
    at = content
    for step in place:
        if isinstance(step, int):
            at = at[step] if isinstance(at, list) and step < len(at) else None
            name = at.get("id") if isinstance(at, dict) else None
            yield str(name) if name is not None else str(step + 1)
        else:
            if isinstance(at, dict) and step not in at and step in ("share", "mean", "shown"):
                continue  # pydantic's name of the variant, which stands in no file
            at = at.get(step) if isinstance(at, dict) else None
            yield step
