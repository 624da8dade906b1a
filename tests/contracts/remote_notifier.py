"""What every notifier over a network keeps to, besides `notifier`; `HttpContract` is about the statuses of HTTP."""

from __future__ import annotations

import logging
import traceback
from abc import abstractmethod
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import pytest

from contracts.messages import (
    MESSAGE,
    NOBODY,
    TO_AMINA,
)
from contracts.notifier import AnyNotifierContract, NotifierContract, World
from worker.domain.messages.message import Message
from worker.ports import (
    AuthFailed,
    ConnectorError,
    NotDone,
    Transient,
    Unreachable,
)


class RemoteWorld(World):
    """A notifier whose other side can be out of order."""

    @abstractmethod
    def lose_next_answer(self) -> None:
        """The next message arrives, and the answer to it doesn't."""

    @abstractmethod
    def lose_next_request(self) -> None:
        """The next message is lost before anybody sees it."""

    @abstractmethod
    def revoke(self) -> None:
        """From now on the credential is not accepted."""

    @abstractmethod
    def failures(self) -> list[tuple[str, Callable[[], None], type[ConnectorError]]]:
        """Every other way in which one message can fail: its name, how to make it so, what is raised."""


class HttpWorld(RemoteWorld):
    """A notifier whose other side answers with HTTP's statuses."""

    @abstractmethod
    def limit_next(self, retry_after_s: int) -> None:
        """The next message is refused for now."""

    @abstractmethod
    def answer_next(self, status: int) -> None:
        """The next message is answered with an HTTP status and nothing else."""


class RemoteContract(AnyNotifierContract):
    """What notifiers over a network promise, too."""

    @pytest.fixture
    def world(self) -> Any:
        """As for all, on a network that can be broken."""
        raise NotImplementedError

    def test_after_a_lost_answer_or_request_nothing_is_known(self, world: RemoteWorld) -> None:
        for lose, shown in ((world.lose_next_answer, 1), (world.lose_next_request, 1)):
            lose()
            with pytest.raises(Transient) as raised:
                world.notifier.send(self.message)
            assert not isinstance(raised.value, NotDone)
            assert len(world.shown()) == shown

    def test_each_failure_is_one_of_the_taxonomy_and_has_a_remedy(self, world: RemoteWorld) -> None:
        for name, arm, expected in world.failures():
            arm()
            with pytest.raises(ConnectorError) as raised:
                world.notifier.send(self.message)
            assert (name, type(raised.value)) == (name, expected)
            assert raised.value.remedy, name
            world.notifier.send(self.message)  # the failure was this one message's

    def test_a_credential_that_is_not_accepted_is_said(self, world: RemoteWorld) -> None:
        world.revoke()
        with pytest.raises(AuthFailed):
            world.notifier.send(self.message)

    def test_no_secret_is_in_any_error_repr_or_log(
        self, world: RemoteWorld, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        said = [repr(world.notifier), str(vars(world.notifier))]
        for _, arm, _ in world.failures():
            arm()
            with pytest.raises(ConnectorError) as raised:
                world.notifier.send(self.message)
            said += _everything(raised.value)
        world.revoke()
        said.append(repr(world.notifier.check()))
        with pytest.raises(AuthFailed) as refused:
            world.notifier.send(self.message)
        said += [*_everything(refused.value), caplog.text]
        assert world.secret
        assert not [text for text in said if world.secret in text]
        assert "https://whosleft.example.org/t/" not in caplog.text  # a signed link is a secret, too


class HttpContract(RemoteContract):
    """What notifiers over HTTP promise, too."""

    @pytest.fixture
    def world(self) -> Any:
        """As for a network, with HTTP's statuses."""
        raise NotImplementedError

    def test_the_wait_that_the_other_side_asks_for_is_passed_on_at_once(self, world: HttpWorld) -> None:
        world.limit_next(retry_after_s=37)
        with pytest.raises(NotDone) as raised:
            world.notifier.send(self.message)
        assert raised.value.retry_after_s == 37
        assert world.shown() == []

    def test_of_all_statuses_only_429_is_surely_for_now_and_only_trouble_is_unclear(
        self, world: HttpWorld
    ) -> None:
        for status in range(300, 600):
            world.answer_next(status)
            with pytest.raises(ConnectorError) as raised:
                world.notifier.send(self.message)
            kind = type(raised.value)
            assert (status, kind is NotDone) == (status, status == 429)
            if status == 408 or status >= 500:
                assert (status, kind) == (status, Transient)
        assert world.shown() == []


class RemoteNotifierContract(RemoteContract, NotifierContract):
    """What notifiers to people over a network promise."""

    @pytest.fixture
    def world(self) -> Any:
        """As for people, on a network that can be broken."""
        raise NotImplementedError

    @pytest.mark.parametrize("message", [MESSAGE, TO_AMINA], ids=["channel", "person"])
    def test_after_a_lost_answer_find_tells_that_it_arrived(
        self, world: RemoteWorld, message: Message
    ) -> None:
        world.lose_next_answer()
        with pytest.raises(Transient):
            world.notifier.send(message)
        assert len(world.shown()) == 1
        assert (world.notifier.find(message) is not None) is self.can_find

    @pytest.mark.parametrize("message", [MESSAGE, TO_AMINA], ids=["channel", "person"])
    def test_after_a_lost_request_find_tells_that_it_did_not(
        self, world: RemoteWorld, message: Message
    ) -> None:
        world.lose_next_request()
        with pytest.raises(Transient):
            world.notifier.send(message)
        assert world.shown() == []
        assert world.notifier.find(message) is None
        world.notifier.send(message)
        assert len(world.shown()) == 1

    def test_an_unknown_person_is_unreachable_and_nobody_else_is_written_to(self, world: RemoteWorld) -> None:
        with pytest.raises(Unreachable) as raised:
            world.notifier.send(replace(MESSAGE, to=NOBODY))
        assert "Nobody" in str(raised.value) or NOBODY.address in str(raised.value)
        assert world.shown() == []

    def test_an_unknown_person_has_no_earlier_message(self, world: RemoteWorld) -> None:
        assert world.notifier.find(replace(MESSAGE, to=NOBODY)) is None

    def test_a_credential_that_is_not_accepted_is_said_by_a_look_too(self, world: RemoteWorld) -> None:
        world.revoke()
        with pytest.raises(AuthFailed) if self.can_find else nullcontext():
            world.notifier.find(MESSAGE)

    def test_check_never_raises_and_is_red_with_a_remedy(self, world: RemoteWorld) -> None:
        world.revoke()
        result = world.notifier.check()
        assert not result.ok
        assert result.message
        assert result.remedy


class HttpNotifierContract(HttpContract, RemoteNotifierContract):
    """What notifiers to people over HTTP promise."""

    @pytest.fixture
    def world(self) -> Any:
        """As for people, with HTTP's statuses."""
        raise NotImplementedError


def _everything(error: BaseException) -> list[str]:
    """The error, what it was raised from, and the variables of every frame that it went through."""
    said: list[str] = []
    chain: BaseException | None = error
    while chain is not None:
        said += [str(chain), repr(chain), str(vars(chain))]
        for frame, _ in traceback.walk_tb(chain.__traceback__):
            if frame.f_globals["__name__"] != __name__:
                said += map(repr, frame.f_locals.values())
        chain = chain.__cause__ or chain.__context__
    return said
