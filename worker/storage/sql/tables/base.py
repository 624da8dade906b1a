"""What all tables are made of: instants, columns, and the list of tables."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_micros(at: datetime | None) -> int | None:
    """An aware instant as microseconds since 1970 UTC; None stays None."""
    return None if at is None else (at - EPOCH) // _MICROSECOND


def from_micros(value: int | None) -> datetime | None:
    """The inverse of `to_micros`, as aware UTC."""
    return None if value is None else EPOCH + timedelta(microseconds=value)


class Instant(sa.TypeDecorator[datetime]):
    """An aware datetime as BIGINT microseconds: ordered, exact and alike in every database."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Any) -> int | None:
        return to_micros(value)

    def process_result_value(self, value: int | None, _dialect: Any) -> datetime | None:
        return from_micros(value)


metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def key(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, primary_key=True)


def text(name: str, *, null: bool = False, default: str | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=null, server_default=default)


def number(name: str, default: str | None = "0", *, null: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=null, server_default=default)


def instant(name: str, *, null: bool = True) -> sa.Column[datetime]:
    return sa.Column(name, Instant, nullable=null)


def flag(name: str) -> sa.Column[int]:
    """A boolean as 0 or 1, which both databases compare alike."""
    return sa.Column(name, sa.SmallInteger, nullable=False, server_default="0")
