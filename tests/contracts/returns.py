"""What notifiers that hear of returns promise (`ports.connectors.notifier.ReturnTeller`)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from itertools import islice
from typing import Any

import pytest

from contracts.messages import AMINA, MESSAGE
from returned_mail import KEY
from worker.domain.messages.message import CHANNEL, Message
from worker.ports import ConnectorError

TO_HER = replace(MESSAGE, key=KEY, to=AMINA)


class ReturnsWorld(ABC):
    """A notifier, and what its other side does."""

    notifier: Any

    @abstractmethod
    def bounce(self, message: Message) -> None:
        """Report that a message did not arrive."""

    @abstractmethod
    def break_down(self) -> None:
        """From now on, reports can't be read."""


class ReturnsContract:
    """Subclasses set the `world` fixture."""

    @pytest.fixture
    def world(self) -> Any:
        raise NotImplementedError

    def test_it_says_that_it_hears_of_returns(self, world: ReturnsWorld) -> None:
        assert world.notifier.can.hears_returns

    def test_while_nothing_came_back_it_yields_nothing(self, world: ReturnsWorld) -> None:
        world.notifier.send(TO_HER)
        assert list(world.notifier.returned()) == []

    def test_what_came_back_is_named_by_its_key_and_its_recipient(self, world: ReturnsWorld) -> None:
        world.notifier.send(TO_HER)
        world.bounce(TO_HER)
        [report] = world.notifier.returned()
        assert report.key == KEY
        assert AMINA.address in report.to
        assert report.why
        assert report.why.splitlines() == [report.why]

    def test_the_security_team_s_channel_has_its_own_name(self, world: ReturnsWorld) -> None:
        to_all = replace(TO_HER, to=CHANNEL)
        world.notifier.send(to_all)
        world.bounce(to_all)
        [report] = world.notifier.returned()
        assert CHANNEL.address in report.to

    def test_a_report_comes_until_the_next_one_or_the_end_is_asked_for(self, world: ReturnsWorld) -> None:
        other = replace(TO_HER, key=KEY.replace("0", "f"))
        for message in (TO_HER, other):
            world.notifier.send(message)
            world.bounce(message)

        reports = world.notifier.returned()
        assert len(list(islice(reports, 1))) == 1
        reports.close()
        reports = world.notifier.returned()
        first, second = [one.key for one in islice(reports, 2)]
        assert {first, second} == {TO_HER.key, other.key}
        reports.close()
        assert [one.key for one in world.notifier.returned()] == [second]
        assert list(world.notifier.returned()) == []

    def test_what_cannot_be_read_is_said_with_a_remedy_and_messages_go_out(self, world: ReturnsWorld) -> None:
        world.notifier.send(TO_HER)
        world.bounce(TO_HER)
        world.break_down()
        with pytest.raises(ConnectorError) as raised:
            list(world.notifier.returned())
        assert raised.value.remedy
