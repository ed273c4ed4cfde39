"""Integers, decimals and booleans."""

from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Dialect
from sqlalchemy.types import TypeEngine

from flask_things.db.types.basic import Checked

#: The lowest and highest integer of both databases.
INTEGER_MIN, INTEGER_MAX = -(2**63), 2**63 - 1

#: The most decimal digits that always fit into SQLite's integers.
DECIMAL_MAX_DIGITS = 18


class Integer(Checked):
    """An integer from `minimum` to `maximum`, within 64 bits."""

    impl = sa.BigInteger
    cache_ok = True
    python_type = int

    def __init__(self, minimum: int = INTEGER_MIN, maximum: int = INTEGER_MAX) -> None:
        super().__init__()
        self.minimum, self.maximum = minimum, maximum

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Use INTEGER on SQLite, because only that primary key assigns ids."""
        is_sqlite = dialect.name == "sqlite"
        return dialect.type_descriptor(sa.Integer() if is_sqlite else sa.BigInteger())

    def _store(self, value: Any, dialect: Dialect) -> int:
        is_integer = isinstance(value, int) and not isinstance(value, bool)
        if not is_integer or not self.minimum <= value <= self.maximum:
            raise ValueError(f"An integer must be from {self.minimum} to {self.maximum}.")
        return int(value)


class Boolean(Checked):
    """True or false, but not 1 or 0."""

    impl = sa.Boolean
    cache_ok = True
    python_type = bool

    def _store(self, value: Any, dialect: Dialect) -> bool:
        if not isinstance(value, bool):
            raise ValueError("A boolean must be True or False.")
        return value


class ExactDecimal(Checked):
    """A decimal of up to `digits` digits, of which `scale` are after the point.

    SQLite stores it as an integer in units of the last digit. So it is exact and sorts as a number.
    """

    impl = sa.Numeric
    cache_ok = True
    python_type = Decimal

    def __init__(self, digits: int, scale: int) -> None:
        super().__init__(digits, scale)
        if not 0 <= scale <= digits <= DECIMAL_MAX_DIGITS:
            raise ValueError(f"A decimal may have at most {DECIMAL_MAX_DIGITS} digits.")
        self.digits, self.scale = digits, scale

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Use an integer on SQLite, whose decimals are floats."""
        is_sqlite = dialect.name == "sqlite"
        impl = sa.Integer() if is_sqlite else sa.Numeric(self.digits, self.scale)
        return dialect.type_descriptor(impl)

    def _store(self, value: Any, dialect: Dialect) -> Decimal | int:
        units = self._units(value) if isinstance(value, Decimal) and value.is_finite() else None
        if units is None:
            raise ValueError(f"A decimal may have {self.digits} digits, {self.scale} decimals.")
        return units if dialect.name == "sqlite" else Decimal(units).scaleb(-self.scale)

    def _units(self, value: Decimal) -> int | None:
        """Return the value in units of its last digit, or None if it does not fit."""
        # Converting a value like 1E+999999 to an integer would take seconds.
        if value and not -self.scale <= value.adjusted() < self.digits - self.scale:
            return None
        numerator, denominator = value.as_integer_ratio()
        units, rest = divmod(numerator * 10**self.scale, denominator)
        return None if rest else units

    def _load(self, value: Any, dialect: Dialect) -> Decimal:
        return Decimal(value).scaleb(-self.scale) if dialect.name == "sqlite" else value
