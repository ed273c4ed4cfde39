"""The loads, and what each asks of a system."""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

from benchmarks.fill import WORDS
from benchmarks.systems import System
from flask_things.http.pagination import encode
from flask_things.things import THINGS

MANY, MILLION = 100_000, 1_000_000
HOT = 200
PAGE_THINGS = 100
CONNECTIONS = (8, 64)

#: How many pages, each from another place on, are asked for at random: a page that is asked for
#: again and again would be one that is remembered.
PLACES = 10_000


@dataclass(frozen=True)
class Load:
    """Requests of one kind, or of two."""

    title: str
    #: What is read: a field of System.
    read: str = ""
    #: What is written: a field of System.
    write: str = ""
    reads_percent: int = 100
    things: int = MANY
    #: How many of them are asked for, the first ones; 0: all.
    hot: int = 0
    same: bool = False
    #: What is read of ours alone, at random.
    paths: tuple[str, ...] = ()

    def count(self, system: System) -> int:
        """Return how many things the system's table has."""
        return (system.listed if self.read == "many" else None) or self.things

    def asked(self, system: System) -> int:
        """Return how many of its things are asked for."""
        return self.hot or self.count(system)

    def requests(self, system: System) -> tuple[str, str, str]:
        """Return the path that is read, and the method and path that write."""
        read = getattr(system, self.read, "")
        if self.same:
            read %= MANY // 2
        if self.write == "create":
            return read, "POST", system.create
        if self.write == "remove":
            return read, "DELETE", system.one
        return read, system.replace, system.one


def page(after: int, q: str = "") -> str:
    """Return the path of a page of ours, from a place on."""
    cursor = encode((after, after), THINGS.page.bound("id", {"q": q}))
    return f"/things?{urlencode({'q': q, 'cursor': cursor} if q else {'cursor': cursor})}"


def of_million(title: str, paths: Iterable[str]) -> Load:
    """Return a load of pages of ours among a million."""
    return Load(title, paths=tuple(paths), things=MILLION)


LAST_ID = MILLION - PAGE_THINGS
LOADS = {
    "get_same": Load("get one, same id", read="one", same=True),
    "get_random": Load("get one, random of 100 000", read="one"),
    "list": Load("list of 100", read="many"),
    "post": Load("POST", write="create", reads_percent=0),
    "put": Load("PUT", write="one", reads_percent=0),
    "mix": Load("mix, 90 reads to 10 PUT", read="one", write="one", reads_percent=90),
    "hot_mix": Load(
        "hot mix, 90 reads to 10 PUT, over 200 of them",
        read="one",
        write="one",
        reads_percent=90,
        hot=HOT,
    ),
    "page_first": of_million("a page among 1 to 100", map(page, range(PLACES))),
    "page_deep": of_million(
        "a page among 9 900 to 10 000", (page(LAST_ID - place) for place in range(PLACES))
    ),
    "search_rare": of_million(
        "a search that finds one or two",
        (f"/things?q=thing+{100_000 + 89 * place}" for place in range(PLACES)),
    ),
    "search_frequent": of_million(
        "a page of a search that finds a tenth",
        (page(50 * place, WORDS[place % len(WORDS)]) for place in range(PLACES)),
    ),
}
COMMON = [name for name, load in LOADS.items() if not load.paths]
OURS = [name for name, load in LOADS.items() if load.paths]
