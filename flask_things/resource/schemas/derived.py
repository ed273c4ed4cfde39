"""The schemas of a resource, derived from the columns of its model."""

from collections.abc import Mapping
from copy import copy
from typing import Any, NamedTuple, cast

from marshmallow import RAISE, Schema, ValidationError, fields, missing, validates_schema
from sqlalchemy import Column, inspect

from flask_things.api.schemas import Answer
from flask_things.http.error_codes import Code, Message
from flask_things.http.request_schemas import JSONBody
from flask_things.resource.schemas import history
from flask_things.resource.schemas.columns import field_for
from flask_things.resource.schemas.documentation import of_field
from flask_things.resource.schemas.fields import AnyField, Integer, RecordId

#: The fields that the server sets, except in an import.
READ_ONLY = {"id", "created_at", "updated_at"}

#: The documentation of an id in a request.
ID = {"description": "The id of the item.", "examples": [1]}

#: Columns without a field.
HIDDEN = ("revision",)


class Fields:
    """Fields that replace those derived from the columns, as class attributes of a subclass.

    Whether a field is required, its default and whether it may be null follow from the column.
    """


class Output(Answer):
    """A row in a response."""

    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
        """Return a value. marshmallow would first try `obj[attr]`, which doubles the time."""
        return getattr(obj, attr, default)


class RecordSchema(Output):
    """An exported row. An import stores all its fields."""

    class Meta:
        unknown = RAISE


class Patch(JSONBody):
    """A JSON Merge Patch (RFC 7396)."""

    media_types = ("application/merge-patch+json", "application/json")


class ItemPatch(JSONBody):
    """Changes of one row in a bulk call: its id and a JSON Merge Patch."""

    @validates_schema(pass_collection=True)
    def refuse_repeated(self, data: Any, *, many: bool, **_kwargs: Any) -> None:
        """Raise ValidationError (422) at the second item with the same id."""
        ids = [item.get("id") for item in data]
        repeated = Message("Another item has this id.", Code.REPEATED)
        wrong = [n for n, row_id in enumerate(ids) if row_id and row_id in ids[:n]]
        if wrong:
            raise ValidationError({n: {"id": [repeated]} for n in wrong})


class Schemas(NamedTuple):
    """The schemas of a resource."""

    output: type[Schema]
    input: type[JSONBody]
    patch: type[JSONBody]
    item_patch: type[JSONBody]
    record: type[Schema]
    change: type[Schema]
    deleted: type[Schema]
    version: type[Schema]


def derive(
    model: type[Any], example: Mapping[str, Any], overrides: type[Fields] = Fields
) -> Schemas:
    """Return the schemas of a model; `example` is a request body for the documentation."""
    name = model.__name__
    own = _own(model, overrides)
    for key, field in own.items():
        field.metadata = {**field.metadata, **of_field(key, field, example)}
    columns, server_sets = _columns(model), {key for key in own if own[key].dump_only} | READ_ONLY
    shown = {key: _shown(field) for key, field in own.items() if not field.load_only}
    read_only = {
        key: _with(shown[key], dump_only=True, required=False) for key in own if key in server_sets
    }
    entered = {key: field for key, field in own.items() if key not in read_only}
    changed = {key: _with(_optional(field), is_patch=True) for key, field in entered.items()}
    stored = {key: _with(field, dump_only=False) for key, field in own.items() if key in columns}
    output = Output.from_dict(shown, name=name)
    return Schemas(
        output,
        _body(JSONBody, entered | read_only, f"{name}Input", example),
        _body(Patch, changed | read_only, f"{name}Patch", example),
        _body(
            ItemPatch,
            changed | read_only | {"id": Integer(1, required=True, metadata=ID)},
            f"{name}ItemPatch",
            {"id": 1, **example},
        ),
        RecordSchema.from_dict(stored, name=f"{name}Record"),
        history.change(output, model.__tablename__),
        history.deleted(output),
        history.version(output, model.__tablename__),
    )


def _body(
    base: type[JSONBody], members: dict[str, AnyField], name: str, example: Mapping[str, Any]
) -> type[JSONBody]:
    schema = cast(type[JSONBody], base.from_dict(members, name=name))
    schema.example = example
    return schema


def _own(model: type[Any], overrides: type[Fields]) -> dict[str, AnyField]:
    """Return all fields, the id first and the timestamps last, as an import reads them."""
    columns, given = _columns(model), own_fields(overrides)
    own = {key: field_for(columns[key], given.pop(key, None)) for key in columns if key != "id"}
    times = {
        key: _with(own.pop(key), required=True, load_default=missing)
        for key in ("created_at", "updated_at")
    }
    return {"id": RecordId(required=True), **own, **given, **times}


def own_fields(overrides: type[Fields]) -> dict[str, AnyField]:
    """Return copies of the fields of a class and its base classes, by name."""
    return {
        key: copy(field)
        for part in reversed(overrides.__mro__)
        for key, field in vars(part).items()
        if isinstance(field, fields.Field)
    }


def _columns(model: type[Any]) -> dict[str, Column[Any]]:
    attributes = [a for a in inspect(model).column_attrs if not a.deferred]
    return {a.key: a.columns[0] for a in attributes if a.key not in HIDDEN}


def _shown(field: AnyField) -> AnyField:
    """Return the field for responses, where it is always present."""
    shown = _with(_optional(field, "pattern"), required=True, dump_only=False)
    return _with(shown, validators=[])


def _optional(field: AnyField, *undocumented: str) -> AnyField:
    """Return the field for a patch, without a default."""
    names = field.metadata.keys() - {"default", *undocumented}
    metadata = {name: field.metadata[name] for name in field.metadata if name in names}
    return _with(field, required=False, load_default=missing, metadata=metadata)


def _with(field: AnyField, **attributes: Any) -> AnyField:
    """Return a copy of a field with other attributes."""
    new = copy(field)
    for name, value in attributes.items():
        setattr(new, name, value)
    return new
