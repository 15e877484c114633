"""The engine's words for texts: names, literals, what is trimmed and what is blanked; the types of lists that a file lacks."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would calculate a cell that begins so: an apostrophe goes before it
REMOVED = "[removed]"
PERSONAL = ("applicant_key",)  # fields that say who somebody is: hashed, never kept
PAPERS = "STRUCT(code VARCHAR, name VARCHAR)[]"
NO_STEPS = 'NULL::STRUCT("at" VARCHAR, status VARCHAR, activity VARCHAR, department VARCHAR)[]'
NO_REQUESTS = f"NULL::STRUCT(requested_at VARCHAR, answered_at VARCHAR, due_before VARCHAR, text VARCHAR, documents {PAPERS})[]"
NO_LOOKUPS = 'NULL::STRUCT(database VARCHAR, "at" VARCHAR, outcome VARCHAR)[]'
LISTS = ("documents", "lookups", "results")  # lists of an object whose entries are not kept one by one
NESTED = ("steps", "requests", "lookups", "any_digitised", "any_reused", "any_result", *(f"bad_{name}" for name in LISTS), "bad_words")
# Nine digits and more, apart by at most one blank, point or hyphen: numbers of identity papers, telephones, accounts.
LONG_NUMBER = r"\d(?:[ .\-]?\d){8,}"
# Seven letters or figures of a passport, plates of cars and motorcycles; addresses of mail.
PAPER_NUMBER = r"\b[A-Z]\d{7}\b|\b\d{2}[A-ZĐ]{1,2}\d?[ -]?\d{3}\.?\d{2}\b"
MAIL = r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"


def quote(name: str) -> str:
    """An identifier for SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text for SQL."""
    return "'" + text.replace("'", "''") + "'"


def macros(con: "DuckDBPyConnection") -> None:
    """The engine's words of this module: ``filled``, ``unmarked``, ``masked``."""
    # Trimming costs ten times as much as looking whether there is anything to trim.
    con.execute(
        """CREATE TEMP MACRO filled(x) AS CASE WHEN x = '' THEN NULL
        WHEN x[1] <= ' ' OR x[-1] <= ' ' OR starts_with(x, chr(160)) OR ends_with(x, chr(160))
        THEN nullif(trim(x, chr(9) || chr(10) || chr(13) || chr(32) || chr(160)), '') ELSE x END"""
    )
    formula = ", ".join(f"chr({ord(sign)})" for sign in FORMULA)
    con.execute(f"CREATE TEMP MACRO unmarked(x) AS CASE WHEN x[1] = chr(39) AND x[2] IN ({formula}) THEN substr(x, 2) ELSE x END")
    blanked = f"regexp_replace(regexp_replace(x, '{LONG_NUMBER}', '{REMOVED}', 'g'), '{PAPER_NUMBER}', '{REMOVED}', 'g')"
    mail = f"regexp_replace({blanked}, '{MAIL}', '{REMOVED}', 'g')"
    con.execute(
        f"""CREATE TEMP MACRO masked(x) AS CASE WHEN length(x) < 8 THEN x WHEN contains(x, '@') THEN {mail}
        WHEN regexp_matches(x, '\\d') THEN {blanked} ELSE x END"""
    )
