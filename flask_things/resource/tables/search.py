"""Case-insensitive substring search, with an index that every write keeps current.

On SQLite it is an FTS5 trigram index, maintained by triggers, which folds case
(https://www.sqlite.org/fts5.html#the_trigram_tokenizer). It has no positions (`detail=none`), so
GLOB checks its matches, with a character class for the cases of each character. On PostgreSQL it is
a pg_trgm index (https://www.postgresql.org/docs/current/pgtrgm.html) over `search_fold`, a function
that migration 0006 creates.

Only the index makes a search fast. SQLite's needs three characters. PostgreSQL's has only letters
and digits, and needs three of them in a row. Otherwise every text is scanned, first with LIKE,
which ignores the case of ASCII only and is five times as fast.

Both databases use Unicode's simple case folding, except for letters that are newer than FTS5's
table of Unicode 6.1 (EXACT). SQLite finds these only in the same case, PostgreSQL most of them in
any case. SQLite searches a text only up to its first U+0000, which only rows from the tutorial's
database can have.
"""

import re
from collections import defaultdict
from functools import cache
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    TableClause,
    bindparam,
    column,
    func,
    table,
    type_coerce,
)
from sqlalchemy import Text as PlainText

#: The shortest text, in characters, that the index can find.
TRIPLE = 3

#: The parameters of slow queries.
SLOW = frozenset({"part", "pattern"})

#: LIKE's special characters, which `!` escapes.
LIKE_WILD = re.compile("[%_!]")

#: What PostgreSQL's index can look up.
WORD = re.compile(r"[^\W_]{3}")

#: Letters whose case FTS5 does not know, mostly of Cherokee, Georgian and African languages. Beyond
#: U+FFFF it knows only Deseret, up to U+1044F.
EXACT = re.compile(
    "[\u037f\u0528-\u052f\u13f8-\u13fd\u1c80-\u1cbf\u2c2f\ua698-\ua69b\ua794-\ua79f\ua7ab-\ua7ff"
    "\uab30-\uabbf]"
)
BEYOND = 0x10450


def _simple(character: str) -> str:
    """Return a character's simple case folding, which is one character (ß is not ss)."""
    folds = (character.casefold(), character.lower(), character)
    return next(fold for fold in folds if len(fold) == 1)


def _cases() -> dict[str, str]:
    """Return all cases of each character that has several."""
    cases: defaultdict[str, str] = defaultdict(str)
    for character in map(chr, range(BEYOND)):
        if character.casefold() != character.upper() and not EXACT.match(character):
            cases[_simple(character)] += character
    return {one: every for every in cases.values() if len(every) > 1 for one in every}


#: All cases of a character, such as "kK\u212a".
CASES = _cases()


def parameters(q: str, dialect: str) -> dict[str, str]:
    """Return the parameters of a search by name, or nothing if `q` is empty."""
    if not q:
        return {}
    # k and s have cases outside ASCII: the Kelvin sign and the long s.
    rough = ("_" if c in "kKsS" or not c.isascii() else _escape(c) for c in q)
    given = {"rough": f"%{''.join(rough)}%"}
    if dialect == "postgresql":
        return {"pattern": f"%{_escape(q)}%"} | ({} if WORD.search(q) else given)
    given["part"] = f"*{''.join(map(_class, q))}*"
    return given | ({"triples": triples(q)} if len(q) >= TRIPLE else {})


def _escape(q: str) -> str:
    return LIKE_WILD.sub(r"!\g<0>", q)


def _class(character: str) -> str:
    every = CASES.get(character, character)
    return f"[{every}]" if len(every) > 1 or character in "*?[" else every


def triples(q: str) -> str:
    """Return the trigrams of a text as a query for FTS5."""
    every = (q[start : start + TRIPLE] for start in range(len(q) - TRIPLE + 1))
    return " AND ".join('"' + triple.replace('"', '""') + '"' for triple in dict.fromkeys(every))


@cache
def index(searched: Column[Any]) -> TableClause:
    """Return SQLite's index of a column; its `rowid` is the row's id."""
    name = f"{searched.table.name}_search"
    return table(name, column("rowid"), column(name))


def conditions(searched: Column[Any], names: frozenset[str]) -> list[ColumnElement[bool]]:
    """Return the conditions on a column for a query with the given parameters.

    If `triples` is among them, the query must be joined with the index.
    """
    text: ColumnElement[Any] = type_coerce(searched, PlainText())
    found: list[ColumnElement[bool]] = []
    if "triples" in names:
        match = index(searched).c[f"{searched.table.name}_search"].bool_op("MATCH")
        found.append(match(_parameter("triples")))
    if "part" in names:
        found.append(text.like(_parameter("rough"), escape="!"))  # SQLite's LIKE ignores case
        found.append(text.bool_op("GLOB")(_parameter("part")))
    elif "rough" in names:
        found.append(text.collate("C").ilike(_parameter("rough"), escape="!"))
    if "pattern" in names:
        pattern = func.search_fold(_parameter("pattern"), type_=PlainText())
        found.append(func.search_fold(text, type_=PlainText()).like(pattern, escape="!"))
    return found


def _parameter(name: str) -> Any:
    return bindparam(name, type_=PlainText())
