from __future__ import annotations

import pytest
import sqlalchemy as sa

from contracts.accounts import AccountsContract
from contracts.asked import AskedContract, ListsContract
from contracts.bad_messages import BadMessagesContract
from contracts.census import CensusContract
from contracts.consent import ConsentContract
from contracts.controls import ControlsContract
from contracts.conversations import ConversationsContract
from contracts.feeds import FeedsContract
from contracts.group_facts import GroupFactsContract
from contracts.live import LiveContract
from contracts.outbox import OutboxContract
from contracts.outbox_counting import OutboxCountingContract
from contracts.outbox_dropping import OutboxDroppingContract
from contracts.outbox_holding import OutboxHoldingContract
from contracts.outbox_restoring import OutboxRestoringContract
from contracts.outbox_righting import OutboxRightingContract
from contracts.passes import PassesContract
from contracts.retention import RetentionContract
from contracts.seals import SealsContract
from contracts.turns import TurnsContract
from contracts.unit_of_work import UnitOfWorkContract
from databases import database_url, empty_engine, engine
from worker.storage.store import SqlStore

__all__ = ["database_url", "empty_engine", "engine"]


@pytest.fixture
def store(engine: sa.Engine) -> SqlStore:
    return SqlStore(engine)


class TestSqlStore(
    UnitOfWorkContract,
    OutboxContract,
    OutboxCountingContract,
    OutboxDroppingContract,
    OutboxHoldingContract,
    OutboxRestoringContract,
    OutboxRightingContract,
    PassesContract,
    AccountsContract,
    RetentionContract,
    TurnsContract,
    LiveContract,
    FeedsContract,
    ConversationsContract,
    GroupFactsContract,
    ControlsContract,
    BadMessagesContract,
    SealsContract,
    CensusContract,
    ConsentContract,
    AskedContract,
    ListsContract,
):
    """On SQLite and on PostgreSQL."""
