"""The tutorial's stack: FastAPI, async SQLAlchemy and aiosqlite; a list has all rows."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException
from pydantic import BaseModel, ConfigDict
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

engine = create_async_engine("sqlite+aiosqlite:///db.sqlite3")
new_session = async_sessionmaker(engine, expire_on_commit=False)


class Base(DeclarativeBase):
    """The tables."""


class Thing(Base):
    """A thing."""

    __tablename__ = "thing"

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]


class ThingInput(BaseModel):
    """What clients send."""

    text: str


class ThingOutput(ThingInput):
    """What clients get."""

    model_config = ConfigDict(from_attributes=True)

    id: int


async def create_tables() -> None:
    """Make the table where it is missing."""
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
    """Serve with a table that is there, and leave no connection behind."""
    await create_tables()
    yield
    await engine.dispose()


async def get_session() -> AsyncIterator[AsyncSession]:
    """Give a request its session."""
    async with new_session() as session:
        yield session


Session = Annotated[AsyncSession, Depends(get_session)]
app = FastAPI(lifespan=lifespan)


async def find(session: AsyncSession, thing_id: int) -> Thing:
    """Return a thing, or answer 404."""
    thing = await session.get(Thing, thing_id)
    if thing is None:
        raise HTTPException(status_code=404, detail="Thing not found")
    return thing


@app.get("/things", response_model=list[ThingOutput])
async def list_things(session: Session) -> Sequence[Thing]:
    """List all things."""
    return (await session.scalars(select(Thing).order_by(Thing.id))).all()


@app.post("/things", response_model=ThingOutput, status_code=201)
async def create_thing(body: ThingInput, session: Session) -> Thing:
    """Create a thing."""
    thing = Thing(text=body.text)
    session.add(thing)
    await session.commit()
    return thing


@app.get("/things/{thing_id}", response_model=ThingOutput)
async def get_thing(thing_id: int, session: Session) -> Thing:
    """Get a thing."""
    return await find(session, thing_id)


@app.put("/things/{thing_id}", response_model=ThingOutput)
async def update_thing(thing_id: int, body: ThingInput, session: Session) -> Thing:
    """Replace a thing."""
    thing = await find(session, thing_id)
    thing.text = body.text
    await session.commit()
    return thing


@app.delete("/things/{thing_id}", status_code=204)
async def delete_thing(thing_id: int, session: Session) -> None:
    """Delete a thing."""
    await session.delete(await find(session, thing_id))
    await session.commit()
