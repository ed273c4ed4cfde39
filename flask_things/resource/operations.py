"""Operations: methods of a resource that clients call, and their registration."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from inspect import getdoc
from types import FunctionType
from typing import Any, TypeVar

from flask_things.api.blueprint import Blueprint
from flask_things.api.problem_responses import component
from flask_things.http.request_schemas import NoQuery
from flask_things.resource.declaration import Declaration

#: A parameter in a path.
PARAMETER = re.compile(r"<id:(\w+)>")

View = TypeVar("View", bound=Callable[..., Any])


@dataclass
class Operation:
    """How clients call a method of a resource, with the options of Blueprint.operation.

    Words of the resource are in braces. "input", "patch", "item_patch", "page", "selection",
    "change", "deleted" and "version" are its schemas. By default the response is a row. `reads` is
    "row" or "rows" if nothing else is read from the database. `can_conflict` tells whether 409 is
    possible; by default this depends on the method and the table's constraints.
    """

    call: str
    operation_id: str
    options: dict[str, Any] = field(default_factory=dict)


def operation(call: str, operation_id: str, **options: Any) -> Callable[[View], View]:
    """Make a method callable by clients. A subclass that overrides it inherits this."""

    def mark(view: View) -> View:
        view.operation = Operation(call, operation_id, options)  # type: ignore[attr-defined]
        return view

    return mark


def register(resource: Declaration, blp: Blueprint, *, reads_one_table: bool) -> None:
    """Register all operations of a resource on a blueprint."""
    for name, declared in operations(type(resource)):
        options = {key: _filled(value, resource) for key, value in declared.options.items()}
        if "returns" in options:
            options["returns"] = options["returns"].format_map(resource.words)
        method, path = declared.call.format_map(resource.words).split()
        can_conflict = resource.collection.constraints.can_conflict(method)
        if options.pop("can_conflict", can_conflict):
            options["responses"] = {409: component(409), **options.get("responses", {})}
        reads = options.pop("reads", None)
        if reads and reads_one_table:
            parameter = resource.words["parameter"] if reads == "row" else None
            options["source"] = resource.table.name, parameter
        query = options.get("query", NoQuery())
        in_path = set(PARAMETER.findall(path)) & query.fields.keys()
        options["query"] = type(query)(exclude=in_path) if in_path else query
        if options.setdefault("answer", resource.schemas.output) is resource.schemas.output:
            is_one = not options.get("many")
            options["write"] = resource.write_row if is_one else resource.write_rows
        options.setdefault("strict_slashes", path != f"/{resource.name}")
        operation_id = declared.operation_id.format_map(resource.words)
        blp.operation(method, path, operation_id, **options)(_view(resource, name))


def operations(kind: type[Declaration]) -> Iterator[tuple[str, Operation]]:
    """Yield the name of each method that is an operation, in the order of their declaration."""
    kinds = kind.__mro__
    for name in dict.fromkeys(name for each in reversed(kinds) for name in vars(each)):
        declared = (getattr(vars(each).get(name), "operation", None) for each in kinds)
        if found := next(filter(None, declared), None):
            yield name, found


def _filled(option: Any, resource: Declaration) -> Any:
    """Return the value of an option: a schema of the resource, or documentation for it."""
    if option in ("page", "selection"):
        return getattr(resource, option)
    if option in ("input", "patch", "item_patch", "change", "deleted", "version"):
        return getattr(resource.schemas, option)
    return option(resource.words) if isinstance(option, FunctionType) else option


def _view(resource: Declaration, name: str) -> Callable[..., Any]:
    method, parameter = getattr(resource, name), resource.words["parameter"]

    def view(*args: Any, **kwargs: Any) -> Any:
        if parameter in kwargs:
            kwargs["row_id"] = kwargs.pop(parameter)
        return method(*args, **kwargs)

    view.__name__ = name
    view.__doc__ = (getdoc(method) or "").format_map(resource.words)
    return view
