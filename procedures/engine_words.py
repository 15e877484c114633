"""The engine's words for texts: names, literals, what is trimmed and what is blanked; the types of lists that a file lacks."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

REMOVED = "[removed]"
PERSONAL = ("applicant_key",)  # fields that say who somebody is: hashed, never kept
PAPERS = "STRUCT(code VARCHAR, name VARCHAR)[]"
NO_STEPS = 'NULL::STRUCT("at" VARCHAR, status VARCHAR, activity VARCHAR, department VARCHAR)[]'
NO_REQUESTS = f"NULL::STRUCT(requested_at VARCHAR, answered_at VARCHAR, due_before VARCHAR, text VARCHAR, documents {PAPERS})[]"
NO_LOOKUPS = 'NULL::STRUCT(database VARCHAR, "at" VARCHAR, outcome VARCHAR)[]'
LISTS = ("documents", "lookups", "results")  # lists of an object whose entries are not kept one by one
NESTED = ("steps", "requests", "lookups", "any_digitised", "any_reused", "any_result", *(f"bad_{name}" for name in LISTS))
# Nine digits and more, apart by at most one blank, point or hyphen: numbers of identity papers, telephones, accounts.
LONG_NUMBER = r"\d(?:[ .\-]?\d){8,}"


def quote(name: str) -> str:
    """An identifier for SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text for SQL."""
    return "'" + text.replace("'", "''") + "'"


def macros(con: "DuckDBPyConnection") -> None:
    """The engine's words of this module: ``filled``, ``truth``, ``masked``."""
    # Trimming costs ten times as much as looking whether there is anything to trim.
    con.execute(
        """CREATE TEMP MACRO filled(x) AS CASE WHEN x = '' THEN NULL
        WHEN x[1] <= ' ' OR x[-1] <= ' ' OR starts_with(x, chr(160)) OR ends_with(x, chr(160))
        THEN nullif(trim(x, chr(9) || chr(10) || chr(13) || chr(32) || chr(160)), '') ELSE x END"""
    )
    con.execute(
        f"CREATE TEMP MACRO masked(x) AS CASE WHEN length(x) < 9 THEN x ELSE regexp_replace(x, '{LONG_NUMBER}', '{REMOVED}', 'g') END"
    )
    con.execute("CREATE TEMP MACRO truth(x) AS lower(trim(x)) IN ('1', 'true', 'yes', 'x', 'có')")
