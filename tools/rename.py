"""`make rename NAME=acme_notes`: gives a fork its own name."""

import re
import subprocess
import sys
from keyword import iskeyword
from pathlib import Path

PACKAGE = "flask" + "_things"  # in two parts, because this file is renamed, too


def objection(name: str) -> str | None:
    """Return why the name is invalid, or None."""
    dashed = name.replace("_", "-")
    if not Path(PACKAGE).is_dir():
        return (
            "This project has already been renamed. Revert that commit before you rename it again."
        )
    if not re.fullmatch("[a-z][a-z0-9]*(_[a-z0-9]+)*", name) or iskeyword(name):
        return (
            f"NAME={name}: Not a name like acme_notes: small letters, digits, single underscores."
        )
    locked = re.findall("^([a-z0-9-]+)==", Path("requirements-all.txt").read_text(), re.MULTILINE)
    if Path(name).exists() or name in sys.stdlib_module_names or dashed in locked:
        return f"NAME={name}: The name is taken by a folder here, by Python or by a dependency."
    if git("status", "--porcelain"):
        return "Commit or stash your changes first, so that `git diff` shows the renaming alone."
    return None


def git(*arguments: str) -> str:
    """Return the output of a git command."""
    return subprocess.run(["git", *arguments], check=True, stdout=-1, encoding="utf-8").stdout


def rename(name: str) -> None:
    """Rename everything, in files and in their paths."""
    rules = {
        PACKAGE: name,
        (dashed := PACKAGE.replace("_", "-")): name.replace("_", "-"),
        PACKAGE.title().replace("_", ""): name.title().replace("_", ""),  # alerts
        r"(?<!\w)THINGS_": f"{name.upper()}_",  # settings
        r"(?<!\w)things_": f"{name}_",  # metrics and tokens
    }
    git("mv", PACKAGE, name)
    for path in git("ls-files", "-z", f"*{dashed}*").split("\0")[:-1]:
        git("mv", path, path.replace(dashed, name.replace("_", "-")))
    for path in git("grep", "-Ilz", "-e", "").split("\0")[:-1]:
        text = new = Path(path).read_bytes().decode()
        for old, replacement in rules.items():
            new = re.sub(old, replacement, new)
        if new != text:
            Path(path).write_bytes(new.encode())


if __name__ == "__main__":
    name = sys.argv[1]
    if why := objection(name):
        sys.exit(why)
    rename(name)
    print(f"This is {name} now. Next: make format check, then commit.")
