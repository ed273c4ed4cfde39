"""Limits the journal's age: each write removes a few of its oldest entries."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from flask import current_app
from sqlalchemy import Connection, bindparam, delete, func, null, select, update

from flask_things.db.journal import Entry
from flask_things.db.session import CHORES
from flask_things.db.types import utc_now

#: How many entries a write removes at first. While this is not enough, each write removes twice as
#: many as the one before, up to more than a bulk call adds.
TRIM_ROWS, TRIM_MAX_ROWS = 10, 2000

#: How long a worker's writes skip the removal after one that found fewer.
TRIM_PAUSE = timedelta(minutes=1)

#: The minimum age of removed entries, without their previous values: clients may be away for a
#: while.
MINIMUM_AGE = timedelta(days=1)

#: How many of the newest entries a write checks for previous values to erase, if none are kept.
ERASE_ROWS = 1000


def kept_since() -> datetime:
    """Return the time since which deleted rows and old versions are kept."""
    return utc_now() - timedelta(days=current_app.config["THINGS_KEEP_DAYS"])


class Trimmer:
    """Removes old entries, a few with each write."""

    def __init__(self) -> None:
        self._paused_at = datetime.min.replace(tzinfo=UTC)
        self._limit = TRIM_ROWS

    def __call__(self, connection: Connection) -> None:
        """Remove some, unless the last removal found few."""
        now = utc_now()
        if not current_app.config["THINGS_KEEP_DAYS"]:
            connection.execute(ERASE)
        if abs(now - self._paused_at) < TRIM_PAUSE:
            return
        oldest = connection.execute(OLDEST, {"limit": self._limit + 1}).all()
        end = min(kept_since(), now - MINIMUM_AGE)
        # The last old entry stays: a client may be at this place without having missed anything.
        old = [one.position for one, following in pairwise(oldest) if following.at < end]
        if old:
            connection.execute(delete(Entry.__table__).where(_unlocked(Entry.position.in_(old))))
        if len(old) == self._limit:
            self._limit = min(2 * self._limit, TRIM_MAX_ROWS)
        else:
            self._limit, self._paused_at = TRIM_ROWS, now


def _unlocked(condition: Any) -> Any:
    """Restrict a condition to entries that no other transaction is removing."""
    free = select(Entry.position).where(condition).order_by(Entry.position)
    return Entry.position.in_(free.with_for_update(skip_locked=True))


OLDEST = select(Entry.position, Entry.at).order_by(Entry.position).limit(bindparam("limit"))

_newest = select(func.max(Entry.position) - ERASE_ROWS).scalar_subquery()
ERASE = (
    update(Entry.__table__)
    .where(_unlocked((Entry.position > _newest) & Entry.before.is_not(None)))
    .values(before=null())
)

CHORES.append(Trimmer())
