"""Finding a part of a text whatever its case, the same on every database.

Texts are searched as `fold` leaves them, in a column that the model fills. Where something else has
written a text (an UPDATE of many things, another program), a trigger has emptied the column, and
the next search fills it first. A Python with a newer Unicode folds new letters: empty it then.

From three characters on, an index of all triples of characters says where to look. On SQLite it is
FTS5 with `tokenize='trigram'` (https://www.sqlite.org/fts5.html#the_trigram_tokenizer), kept by
triggers. It holds no positions (`detail=none`), so what it finds is looked at once more. With it,
the write of a text of a hundred characters takes about twice as long, much of which is still the
disk's. On PostgreSQL it is pg_trgm (https://www.postgresql.org/docs/current/pgtrgm.html), which
knows letters and digits only: a part without three of them in a row is looked for in every text.
"""

import re
import time
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    SQLColumnExpression,
    bindparam,
    column,
    func,
    select,
    table,
    update,
)

from flask_things.turns import TURN_S

THINGS = table("thing", column("id"), column("text"), column("folded"))

#: The index: its rowid is the thing's id.
INDEX = table("thing_search", column("rowid"), column("thing_search"))

#: How many texts are folded at once.
BATCH = 100

#: From how many characters on the index can tell.
TRIPLE = 3

#: What is not itself in a pattern for LIKE, unless there is a `!` before it.
WILD = re.compile("[%_!]")

# What Unicode folds to several characters (ß → ss) keeps its length in simple folding: it goes to
# its lower case, if that is one character, or stays. The three are in Unicode since 15.1 only.
_LONG = (chr(code) for code in range(0x10000) if len(chr(code).casefold()) > 1)
_SIMPLE = {long: long.lower() if len(long.lower()) == 1 else long for long in _LONG} | {
    "\u1fd3": "\u0390",
    "\u1fe3": "\u03b0",
    "\ufb05": "\ufb06",
}
_SPLIT = re.compile(f"([{''.join(_SIMPLE)}])")


def fold(text: str) -> str:
    """Return a text without its case: Unicode's simple case folding, which keeps the length.

    See https://www.unicode.org/Public/UCD/latest/ucd/CaseFolding.txt, status C and S.
    """
    if text.isascii():
        return text.lower()
    return "".join(_SIMPLE.get(part) or part.casefold() for part in _SPLIT.split(text))


def fold_the_rest(connection: Connection) -> None:
    """Fold every text that is not folded yet; nobody else changes it between look and write."""
    missing = select(THINGS.c.id, THINGS.c.text).where(THINGS.c.folded.is_(None))
    missing = missing.order_by(THINGS.c.id).limit(BATCH).with_for_update()
    fill = update(THINGS).where(THINGS.c.id == bindparam("row")).values(folded=bindparam("new"))
    while rows := connection.execute(missing).all():
        connection.execute(fill, [{"row": row_id, "new": fold(text)} for row_id, text in rows])
        time.sleep(TURN_S)


def parameters(q: str, dialect: str) -> dict[str, str]:
    """Return what a query that searches is given, by name; nothing where all is found."""
    part = fold(q)
    if not part:
        return {}
    if dialect == "postgresql":
        return {"pattern": "%" + WILD.sub(r"!\g<0>", part) + "%"}
    return {"part": part} | ({"triples": triples(part)} if len(part) >= TRIPLE else {})


def contains(folded: SQLColumnExpression[Any], part: BindParameter[Any]) -> ColumnElement[bool]:
    """Return the condition that a folded text contains a folded part."""
    return func.instr(folded, part) > 0


def matches(folded: SQLColumnExpression[Any], pattern: BindParameter[Any]) -> ColumnElement[bool]:
    """Return the condition that a folded text is as a pattern for LIKE wants it."""
    return folded.like(pattern, escape="!")


def in_index(triples: BindParameter[Any]) -> ColumnElement[bool]:
    """Return the condition that the index has all triples."""
    return INDEX.c.thing_search.bool_op("MATCH")(triples)


def triples(part: str) -> str:
    """Return every triple of characters of a folded part, as FTS5 wants it."""
    every = (part[start : start + TRIPLE] for start in range(len(part) - TRIPLE + 1))
    return " AND ".join('"' + triple.replace('"', '""') + '"' for triple in dict.fromkeys(every))
