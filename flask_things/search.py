"""Finding a part of a text whatever its case, the same on every database.

Texts and what is looked for are compared as `fold` leaves them. From three characters on, an index
of all triples of characters says where to look: FTS5 with `tokenize='trigram'`
(https://www.sqlite.org/fts5.html#the_trigram_tokenizer), kept by triggers. It holds no positions
(`detail=none`), so what it finds is looked at once more. A write of its own takes about as long
again with it as without, less than the disk takes to make the write last; in bulk much less.
"""

import re

from sqlalchemy import ColumnElement, SQLColumnExpression, column, func, literal, table

#: The index: its rowid is the thing's id.
INDEX = table("thing_search", column("rowid"), column("thing_search"))

#: The index knows triples of characters.
GRAM_CHARACTERS = 3

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


def contains(folded: SQLColumnExpression[str], part: str) -> ColumnElement[bool]:
    """Return the condition that a folded text contains a folded part."""
    return func.instr(folded, part) > 0


def in_index(part: str) -> ColumnElement[bool]:
    """Return the condition that the index has every triple of a folded part."""
    grams = dict.fromkeys(
        part[start : start + GRAM_CHARACTERS] for start in range(len(part) - GRAM_CHARACTERS + 1)
    )
    quoted = ('"' + gram.replace('"', '""') + '"' for gram in grams)
    return INDEX.c.thing_search.bool_op("MATCH")(literal(" AND ".join(quoted)))
