"""Interface text in the reader's language, typed."""

from flask_babel import gettext


def _(message: str, **values: object) -> str:
    """The message in the reader's language, its ``%(name)s`` filled in. Marks it for extraction."""
    return str(gettext(message, **values))
