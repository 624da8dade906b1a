"""Storage tests run on both databases."""

from databases import database_url, empty_engine, engine

__all__ = ["database_url", "empty_engine", "engine"]
