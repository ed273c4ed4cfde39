"""Does a system answer what it is asked? Nothing is measured before that is known."""

from benchmarks.fill import WORDS, text_of
from benchmarks.loads import LAST_ID, MILLION, PAGE_THINGS, Load
from benchmarks.processes import Running

NEW = "thing new lorem ipsum dolor sit amet"

#: The ids on the first of the pages that a load of ours asks for; else those of a list.
PAGES = {
    "page_deep": range(LAST_ID + 1, MILLION + 1),
    "search_rare": (100_000, MILLION),
    "search_frequent": [n for n in range(1, MILLION // 50) if WORDS[0] in text_of(n)][:PAGE_THINGS],
}


def check(running: Running, name: str, load: Load) -> None:
    """Ask for what a load will ask for; raise AssertionError where the answer is wrong."""
    read, method, path = load.requests(running.system)
    if load.read == "one":
        thing_id = load.asked(running.system) // 2
        expect(running, "GET", read if load.same else read % thing_id, text_of(thing_id))
    elif load.read or load.paths:
        ids = PAGES.get(name, range(1, PAGE_THINGS + 1))
        expect(running, "GET", read or load.paths[0], [text_of(thing_id) for thing_id in ids])
    if load.write == "create":
        thing = expect(running, method, path, NEW)
        found = running.system.one.partition("%")[0] + str(thing["id"])
        expect(running, "GET", found + "/" * path.endswith("/"), NEW)
    elif load.write:
        thing_id = load.asked(running.system)
        expect(running, method, path % thing_id, NEW)
        expect(running, "GET", running.system.one % thing_id, NEW)


def expect(running: Running, method: str, path: str, text: str | list[str]) -> dict:
    """Ask, and return the answer, if its texts are these."""
    body = None if method == "GET" else {"text": NEW}
    status, answer = running.request(method, path, body)
    system = running.system
    if isinstance(text, list):
        things = answer[system.key] if system.key else answer
        said = [thing["text"] for thing in things]
    else:
        said = answer.get("text")
    if status not in (200, 201) or (said != text and not system.is_constant):
        raise AssertionError(f"{system.title}: {method} {path} is {status} {str(answer)[:200]}")
    return answer
