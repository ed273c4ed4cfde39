"""Invalid declarations are errors at the start, not at a request."""

import pytest
from sqlalchemy import MetaData
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Mapped, mapped_column

from flask_things.db.session import db
from flask_things.resource import Record, Resource, Text


class Bad(Record):
    """A model with reserved names."""

    metadata = MetaData()  # keeps it out of the schema

    expect: Mapped[str] = mapped_column(Text(1, 10))
    t: Mapped[int]  # a method of SQLAlchemy's rows


class Change(Record):
    """A model with a reserved table and column name."""

    metadata = MetaData()

    deleted_at: Mapped[int]


class Page(Record):
    """A model with a column named like a parameter of lists."""

    metadata = MetaData()

    limit: Mapped[int]
    limit_lt: Mapped[int | None]
    title: Mapped[str | None] = mapped_column(Text(1, 1000))
    session: Mapped[int]


def test_a_column_with_the_name_of_an_argument_is_refused():
    with pytest.raises(TypeError, match="used for columns: expect, t"):
        Resource("bads", Bad, example={"expect": "x"})


def test_a_column_of_a_deleted_row_and_a_member_of_a_version_are_refused(monkeypatch):
    with pytest.raises(TypeError, match="used for columns: deleted_at"):
        Resource("changes", Change, example={})
    monkeypatch.setattr("flask_things.resource.declaration.RESERVED", set())
    with pytest.raises(TypeError, match="used for tables: change"):
        Resource("changes", Change, example={})


def test_a_filter_with_the_name_of_a_parameter_is_refused():
    with pytest.raises(TypeError, match="used for filters: limit"):
        Resource("pages", Page, filters=("limit",), example={"limit": 1})


def test_a_column_with_the_name_of_a_parameter_can_be_sorted_by():
    assert (
        "limit"
        in Resource("pages", Page, sorts=("limit",), example={"limit": 1}).page.queries.sorts
    )


def test_a_range_with_a_bound_of_the_name_of_a_column_is_refused():
    with pytest.raises(TypeError, match="used for columns: limit_lt"):
        Resource("pages", Page, ranges=("limit",), example={"limit": 1})


def test_a_range_of_texts_is_refused():
    with pytest.raises(TypeError, match=r"page\.title: only numbers, dates and times have ranges"):
        Resource("pages", Page, ranges=("title",), example={"limit": 1})


def test_a_long_text_is_filtered_only_where_it_is_sorted_by():
    with pytest.raises(TypeError, match="an indexed text has at most 600 characters"):
        Resource("pages", Page, filters=("title",), example={"limit": 1})
    pages = Resource("pages", Page, filters=("title",), sorts=("title",), example={"limit": 1})
    names = [one.name for one in pages.table.info["objects"] if "title" in one.name]
    assert names == ["page_sort_title"]


@pytest.mark.parametrize("kind", ["sorts", "filters", "ranges"])
def test_a_column_that_does_not_exist_is_refused(kind):
    with pytest.raises(TypeError, match="page has no column limmit"):
        Resource("pages", Page, example={"limit": 1}, **{kind: ("limmit",)})


def test_only_a_text_can_be_searched():
    with pytest.raises(TypeError, match="only a Text not named rank or rowid can be searched"):
        Resource("pages", Page, searched="limit", example={"limit": 1})


def test_a_filter_may_be_called_as_the_argument_of_every_method(app):
    pages = Resource("pages", Page, filters=("session",), example={"limit": 1, "session": 1})
    with app.app_context(), pytest.raises(DBAPIError, match=r"page"):  # the table does not exist
        pages.collection.count(db.session, session=1)
