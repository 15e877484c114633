"""Errors that a reader sees: in both languages, naming row, field and remedy."""

from dataclasses import dataclass


@dataclass
class InputError(Exception):
    """Something a person sent cannot be used as it is.

    ``message_vi`` and ``message_en`` each say what is wrong and what to do; ``row`` counts from 1 with the heading as row 1.
    """

    message_vi: str
    message_en: str
    row: int | None = None
    field: str | None = None

    def __str__(self) -> str:
        return f"{self.text('vi')}\n{self.text('en')}"

    def text(self, language: str) -> str:
        """The message in ``vi`` or ``en`` with its place in front."""
        vietnamese = language == "vi"
        place = []
        if self.row is not None:
            place.append(f"dòng {self.row}" if vietnamese else f"row {self.row}")
        if self.field is not None:
            place.append(f"cột {self.field}" if vietnamese else f"column {self.field}")
        head = ", ".join(place)
        body = self.message(language)
        return f"{head[:1].upper()}{head[1:]}: {body}" if head else body

    def message(self, language: str) -> str:
        """The same without its place: for forms, which show beside which field it stands."""
        return self.message_vi if language == "vi" else self.message_en
