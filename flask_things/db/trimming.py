"""How long the journal is kept: each write removes a few of its oldest entries."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from flask import current_app
from sqlalchemy import Connection, bindparam, delete, func, null, select, update

from flask_things.db.journal import Entry
from flask_things.db.session import CHORES
from flask_things.db.types import utc_now

#: How many entries a write removes at first. While that is not enough, each write removes twice as
#: many as the one before, up to more than a bulk call adds.
TRIMMED, TRIMMED_MAX = 10, 2000

#: How long a worker's writes remove none after one that has found fewer.
REST = timedelta(minutes=1)

#: How long an entry is kept at least, without what was before: clients may be away for a while.
KEPT_AT_LEAST = timedelta(days=1)

#: In how many of the newest entries a write erases what was before, if nothing old is to be kept.
ERASED = 1000


def kept_since() -> datetime:
    """Return from when on deleted rows and old versions can still be seen."""
    return utc_now() - timedelta(days=current_app.config["THINGS_KEEP_DAYS"])


class Trimmer:
    """Removes entries that were kept for long enough, a few with each write."""

    def __init__(self) -> None:
        self._rests_since = datetime.min.replace(tzinfo=UTC)
        self._limit = TRIMMED

    def __call__(self, connection: Connection) -> None:
        """Remove some, unless a moment ago there were few."""
        now = utc_now()
        if not current_app.config["THINGS_KEEP_DAYS"]:
            connection.execute(ERASE)
        if abs(now - self._rests_since) < REST:
            return
        oldest = connection.execute(OLDEST, {"limit": self._limit + 1}).all()
        end = min(kept_since(), now - KEPT_AT_LEAST)
        # The last one that is old stays: a client may have come to it, and missed nothing since.
        old = [one.position for one, following in pairwise(oldest) if following.at < end]
        if old:
            connection.execute(delete(Entry.__table__).where(_unlocked(Entry.position.in_(old))))
        if len(old) == self._limit:
            self._limit = min(2 * self._limit, TRIMMED_MAX)
        else:
            self._limit, self._rests_since = TRIMMED, now


def _unlocked(condition: Any) -> Any:
    """Return the condition for those entries that no other transaction is removing."""
    free = select(Entry.position).where(condition).order_by(Entry.position)
    return Entry.position.in_(free.with_for_update(skip_locked=True))


OLDEST = select(Entry.position, Entry.at).order_by(Entry.position).limit(bindparam("limit"))

_newest = select(func.max(Entry.position) - ERASED).scalar_subquery()
ERASE = (
    update(Entry.__table__)
    .where(_unlocked((Entry.position > _newest) & Entry.before.is_not(None)))
    .values(before=null())
)

CHORES.append(Trimmer())
