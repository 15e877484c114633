"""Interface text in the reader's language, typed."""

from core.text import _ as _
