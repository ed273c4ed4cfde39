"""Splits rows into batches, so that one statement takes little memory and time."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

#: The most characters in a batch of more than one row.
BATCH_CHARACTERS = 1_000_000

Item = TypeVar("Item")


def in_batches(
    items: Iterable[Item], fields: Callable[[Item], Mapping[str, Any]], max_items: int
) -> Iterator[list[Item]]:
    """Yield the items in non-empty lists; `fields` returns the stored values of an item.

    If `items` raises, the items before the error are yielded first.
    """
    batch: list[Item] = []
    characters = 0
    try:
        for item in items:
            batch.append(item)
            characters += sum(
                len(value) for value in fields(item).values() if isinstance(value, str)
            )
            if len(batch) == max_items or characters >= BATCH_CHARACTERS:
                yield batch
                batch, characters = [], 0
    except Exception:
        if batch:
            yield batch
        raise
    if batch:
        yield batch
