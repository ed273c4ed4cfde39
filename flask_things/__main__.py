"""`python -m flask_things`: serve with gunicorn, from a checkout, a container or a wheel.

This is `gunicorn wsgi:app`, except that `--help` lists our settings, and that the settings are
checked first: gunicorn prints a traceback for an invalid WEB_CONCURRENCY when it is imported.
"""

import os
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter

from flask_things import __version__
from flask_things.config import DEFAULTS, Settings, settings


def main() -> None:
    """Serve with gunicorn's options, or print the help or the version."""
    listed = "\n".join(
        f"  {name}={DEFAULTS[name]}\n      {field.metadata['meaning']}"
        for name, field in Settings().fields.items()
    )
    parser = ArgumentParser(
        prog="python -m flask_things",
        description="Serve things over HTTP. Environment variables and their defaults:\n\n"
        + listed,
        epilog="Other options go to gunicorn: https://docs.gunicorn.org/en/stable/settings.html",
        formatter_class=RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"flask-things {__version__}")
    parser.parse_known_args()
    settings(os.environ)
    from gunicorn.app.wsgiapp import run  # after WEB_CONCURRENCY has been checked

    # gunicorn runs these arguments again when it replaces itself (SIGUSR2).
    sys.argv[:1] = ["-mflask_things", "--config", "python:flask_things.server.config"]
    run()


if __name__ == "__main__":
    main()
