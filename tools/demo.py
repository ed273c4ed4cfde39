"""`make demo`: fills a running service with thirty interesting things, over HTTP."""

import json
import os
import sys
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen
from zlib import crc32

URL = f"http://127.0.0.1:{os.environ.get('PORT', '8080')}{os.environ.get('SCRIPT_NAME', '')}/things"

TEXTS = [
    "Learn to whistle with two fingers",
    "“The palest ink is better than the best memory.”",
    "Ask Grandma for the plum cake recipe — the one with the crumble, not the yeast one",
    "Birds seen from the kitchen window\n\n· wren\n· nuthatch, upside down as always\n· a magpie",
    "Return the ladder to number 14",
    "Postcards: Ayşe, Björn, Zoë, 美咲",
    "git log --oneline --since=yesterday | wc -l",
    "A tidy desk is a sign of a full drawer.",
    "Frost tonight. Bring in the lemon tree 🍋",
    "Words worth keeping: petrichor, Fernweh, saudade, 木漏れ日",
    "Fix the gate, it sings when the wind is from the west",
    "Sourdough: 500 g flour, 350 g water, 100 g starter, 10 g salt. Patience.",
    "Why does toast land butter side down? (It is the height of the table.)",
    "Call the dentist. Really, this time.",
    "Books lent out\n\n· The Left Hand of Darkness → Sam\n· Gödel, Escher, Bach → somebody in 2019",
    "Window seat, car 7, 16:42 from platform 3",
    "The bakery opens at six; the cardamom buns are gone by seven",
    "Idea: a clock that only shows the minutes",
    "17 is the most random number, according to everybody",
    "Piano tuner comes on Thursday, between nine and, well, twelve",
    "Moon names: Wolf, Snow, Worm, Pink, Flower, Strawberry, Buck, Sturgeon, Harvest, Hunter",
    "Do not buy more notebooks",
    "The neighbours' cat is called Professor. She has been informed.",
    "Tea: 80 °C for green, 95 °C for black, whatever is left for Tuesday",
    "One day: walk from door to sea, 212 km",
    "<b>This is not bold.</b> Texts are texts.",
    "Lightbulb in the hallway, E27, warm white",
    "Somebody left a violin on the tram. It was not us.",
    "Thank Marta for the tomatoes",
    "buy milk",
    "buy a boat",
    "Throw nothing away",
]

#: Texts that are changed later, and texts that are deleted, for versions and a trash.
LATER = {
    13: "Call the dentist. Done! Next time in May.",
    21: "Do not buy more notebooks, except for the green one",
    29: "buy oat milk",
}
GONE = (30, 31)

#: A key for these texts, so that a second run creates none.
KEY = {"Idempotency-Key": f"demo-{crc32(''.join(TEXTS).encode())}"}


def call(method: str, url: str, body: object = None, **headers: str) -> object:
    """Send a request, and return the content of the response, or None for a problem."""
    headers |= {"Content-Type": "application/json"}
    if token := os.environ.get("TOKEN"):
        headers["Authorization"] = f"Bearer {token}"
    data = None if body is None else json.dumps(body).encode()
    try:
        with urlopen(Request(url, data, headers, method=method), timeout=20) as response:  # noqa: S310 - it is http
            return json.loads(response.read() or "null")
    except HTTPError as error:
        if error.code == 404 and method in ("PATCH", "DELETE"):
            return None  # it is deleted already
        sys.exit(f"{method} {url}: {error.code} {error.read().decode()}")


def fill() -> None:
    """Create the things, change some and delete some."""
    things = call("POST", f"{URL}/bulk", [{"text": text} for text in TEXTS], **KEY)
    ids = [thing["id"] for thing in things]
    for at, text in LATER.items():
        call("PATCH", f"{URL}/{ids[at]}", {"text": text})
    for at in GONE:
        call("DELETE", f"{URL}/{ids[at]}")
    print(f"{len(ids) - len(GONE)} things are at {URL.removesuffix('things')}")


if __name__ == "__main__":
    try:
        fill()
    except URLError as error:
        sys.exit(f"{URL}: {error.reason}. Start the service first: make run.")
