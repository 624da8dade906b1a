"""What every notifier keeps to. An adapter's test subclasses the suite that fits it and builds its world.

`AnyNotifierContract` is for all, whomever they reach. `ChannelContract` is for those that write to a channel, and
`NotifierContract` for those that write to people, too. What can go wrong over a network is in `remote_notifier`.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, ClassVar

import pytest

from contracts.messages import (
    AMINA,
    CROWDS,
    END,
    HOSTILE,
    LONG,
    MESSAGE,
    NOTED,
    STEERING,
    TO_AMINA,
)
from worker.domain.messages.message import CHANNEL, Message, Paragraph
from worker.domain.text.direction import contained
from worker.ports import (
    Notifier,
)


class World(ABC):
    """A notifier with the means to look at what people see, and to break things."""

    notifier: Notifier
    secret: str = ""

    @abstractmethod
    def shown(self) -> list[str]:
        """Each message that reached anybody, as its reader sees it, in order."""

    def links(self) -> list[str]:
        """Where the readers of all messages get to by tapping, in order."""
        return re.findall(r"https://\S+", "\n".join(self.shown()))

    def pings(self) -> list[str]:
        """Whom the messages notify beyond their recipient."""
        return []


class AnyNotifierContract:
    """What all notifiers promise. Subclasses set `kind` and the `world` fixture, and `message` where it isn't one to
    a channel.
    """

    kind: ClassVar[str | None]
    can_find: ClassVar[bool] = True
    message: ClassVar[Message] = MESSAGE

    @pytest.fixture
    def world(self) -> Any:
        """Build the notifier; Amina is known, and Nobody is not where that can be said."""
        raise NotImplementedError

    def test_it_has_its_configured_name_and_reaches_whom_it_is_for(self, world: World) -> None:
        assert world.notifier.name == "soc"
        assert world.notifier.can.reach(self.message.to)

    def test_closed_twice_it_sends_like_before(self, world: World) -> None:
        world.notifier.close()
        world.notifier.send(self.message)
        world.notifier.close()
        world.notifier.close()

        world.notifier.send(replace(self.message, key="another"))

        assert len(world.shown()) == 2
        assert all(called.listen and called.name == world.notifier.name for called in world.notifier.calls)

    def test_a_message_sent_once_is_shown_once_with_all_that_it_says(self, world: World) -> None:
        _assert_shown(world, self.message)

    def test_a_message_that_was_never_sent_is_not_found(self, world: World) -> None:
        assert world.notifier.find(self.message) is None

    def test_check_is_green_sends_nothing_and_says_something(self, world: World) -> None:
        result = world.notifier.check()
        assert (result.ok, result.remedy) == (True, ""), result
        assert result.message
        assert world.shown() == []


class ChannelContract(AnyNotifierContract):
    """What notifiers that write to a channel promise, too."""

    @pytest.fixture
    def world(self) -> Any:
        """As for all; the channel is the security team's."""
        raise NotImplementedError

    def test_steps_are_numbered_in_their_order(self, world: World) -> None:
        world.notifier.send(MESSAGE)
        words = " ".join(world.shown()[0].split())
        assert "1. Open the group. 2. Tap the name. 3. Tap Remove." in words

    def test_a_repeat_says_that_it_may_be_one(self, world: World) -> None:
        world.notifier.send(MESSAGE)
        world.notifier.send(replace(MESSAGE, may_be_repeat=True))
        first, second = world.shown()
        assert "may be a repeat" not in first
        assert "may be a repeat" in " ".join(second.split())

    def test_a_repeat_says_so_in_its_recipient_s_language(self, world: World) -> None:
        note = "Diese Nachricht kommt vielleicht zum zweiten Mal."
        world.notifier.send(replace(MESSAGE, may_be_repeat=True, repeat_note=note))
        assert note in " ".join(world.shown()[0].split())

    def test_a_message_of_a_title_alone_is_shown(self, world: World) -> None:
        world.notifier.send(Message(key="k", to=CHANNEL, title="All quiet"))
        assert "All quiet" in world.shown()[0]

    def test_a_title_that_is_the_only_headline_is_shown_once(self, world: World) -> None:
        said = Paragraph("Remove Ann from Ward 7", "She left on Monday.")
        world.notifier.send(Message(key="k", to=CHANNEL, title=said.headline, paragraphs=(said,)))
        shown = " ".join(world.shown()[0].split())
        assert shown.count(said.headline) == 1
        assert said.text in shown

    def test_empty_parts_do_no_harm(self, world: World) -> None:
        hollow = Paragraph(headline="", text=" \n ", facts=(("", ""),), steps=("",), link="")
        world.notifier.send(
            Message(key="k", to=CHANNEL, title="", paragraphs=(hollow, Paragraph(headline="")))
        )
        assert len(world.shown()) == 1

    @pytest.mark.parametrize("long", [*LONG.values()], ids=[*LONG])
    def test_long_text_is_shown_whole_or_cut_where_the_reader_sees_it(
        self, world: World, long: Message
    ) -> None:
        world.notifier.send(long)
        (shown,) = world.shown()
        assert END in shown or "…" in shown
        assert "START" in shown

    @pytest.mark.parametrize("size", [3, 12, 60, 2000])
    def test_a_text_to_paste_is_shown_to_the_letter_or_left_out_and_never_in_part(
        self, world: World, size: int
    ) -> None:
        lines = [f"> {n}. *Be* kind :smile: and _name_ nobody; ask: <who> & `why`?" for n in range(size)]
        [ticket] = MESSAGE.paragraphs
        pasted = (("Text to paste", "\n\n".join(lines)),)
        world.notifier.send(replace(MESSAGE, paragraphs=(replace(ticket, pasted=pasted),)))
        (shown,) = world.shown()
        said = {line.strip() for line in shown.splitlines()}
        if said.issuperset(lines):
            assert "…" not in shown
        else:
            assert size > 3
            assert not any(line[:20] in shown for line in lines)
            assert "…" in shown
        assert world.links() == [ticket.link]

    @pytest.mark.parametrize("is_repeat", [False, True], ids=["first", "repeat"])
    @pytest.mark.parametrize("crowd", [*CROWDS.values()], ids=[*CROWDS])
    def test_of_many_tickets_all_that_it_takes_are_shown_with_their_links_and_so_are_the_notes(
        self, world: World, crowd: tuple[Paragraph, ...], is_repeat: bool
    ) -> None:
        left, sent = crowd, list[tuple[Paragraph, ...]]()
        while left:
            message = replace(NOTED, key=f"k{len(sent)}", paragraphs=left)
            taken = world.notifier.takes(message)
            assert 1 <= taken <= len(left)
            world.notifier.send(replace(message, paragraphs=left[:taken], may_be_repeat=is_repeat))
            sent.append(left[:taken])
            left = left[taken:]
        for part, shown in zip(sent, world.shown(), strict=True):
            words = " ".join(shown.split())
            assert [value for p in part for _, value in p.facts[:1] if value not in words] == []
            assert NOTED.note in words
            assert (NOTED.repeat_note in words) is is_repeat
        assert world.links() == [paragraph.link for paragraph in crowd]

    @pytest.mark.parametrize("crowd", [*CROWDS.values()], ids=[*CROWDS])
    def test_what_it_takes_of_many_it_takes_alone_too(
        self, world: World, crowd: tuple[Paragraph, ...]
    ) -> None:
        taken = world.notifier.takes(replace(NOTED, paragraphs=crowd))
        assert world.notifier.takes(replace(NOTED, paragraphs=crowd[:taken])) == taken

    @pytest.mark.parametrize("hostile", HOSTILE)
    def test_names_from_outside_neither_notify_anybody_nor_steer_the_display(
        self, world: World, hostile: str
    ) -> None:
        world.notifier.send(_everywhere(hostile))
        (shown,) = world.shown()
        assert world.pings() == []
        assert not STEERING & set(shown)
        # an isolate that is closed turns only what it holds
        assert all(contained(line) == line for line in shown.split("\n"))

    def test_a_web_address_in_a_name_is_no_link_and_one_to_paste_stays(self, world: World) -> None:
        name = "Ward [Open](https://evil.example/x) HTTP://evil.example www.evil.example"
        hostile = _everywhere(name)
        rules = (("Text to paste", "Ask https://help.example/"),)
        pasted = tuple(replace(one, pasted=rules) for one in hostile.paragraphs)
        world.notifier.send(replace(hostile, note=name, paragraphs=pasted))
        (shown,) = world.shown()
        assert re.findall(r"\S*(?:://|www\.)\S*", shown) == ["https://help.example/"] * 2
        assert name in shown.replace("\N{WORD JOINER}", "").replace("\n", " ")

    def test_a_name_in_another_script_is_shown_as_it_is(self, world: World) -> None:
        name = "قسم الطوارئ – ليلي & Øst's “A/B” 👩🏽‍⚕️"
        world.notifier.send(_everywhere(name))
        assert name in world.shown()[0]

    def test_a_message_that_was_sent_is_found_by_its_key_where_that_can_be_told(self, world: World) -> None:
        _assert_found(world, MESSAGE, can_find=self.can_find)


class NotifierContract(ChannelContract):
    """What notifiers that write to people promise, too."""

    @pytest.fixture
    def world(self) -> Any:
        """As for a channel; Amina is known, and Nobody is not where that can be said."""
        raise NotImplementedError

    def test_it_reaches_people(self, world: World) -> None:
        assert world.notifier.can.reach(AMINA)

    def test_a_message_to_a_person_is_shown_once_with_all_that_it_says(self, world: World) -> None:
        _assert_shown(world, TO_AMINA)

    def test_a_message_that_a_person_was_sent_is_found_by_its_key_where_that_can_be_told(
        self, world: World
    ) -> None:
        assert world.notifier.find(TO_AMINA) is None
        _assert_found(world, TO_AMINA, can_find=self.can_find)


def _assert_shown(world: World, message: Message) -> None:
    receipt = world.notifier.send(message)
    (shown,) = world.shown()
    words = " ".join(shown.split())
    for part in _parts(message):
        assert part in words
    assert receipt.reference


def _assert_found(world: World, message: Message, *, can_find: bool) -> None:
    receipt = world.notifier.send(message)
    world.notifier.send(replace(message, key="another"))
    assert world.notifier.find(message) == (receipt if can_find else None)
    assert world.notifier.find(replace(message, key="a third")) is None


def _parts(message: Message) -> Iterator[str]:
    yield message.title
    for paragraph in message.paragraphs:
        yield paragraph.headline
        yield paragraph.text
        yield from paragraph.steps
        for label, value in paragraph.facts:
            yield label
            yield value


def _everywhere(text: str) -> Message:
    """A message with `text` in each place where a name from outside may stand."""
    paragraph = Paragraph(text, text, facts=((text, text),), steps=(text,), pasted=((text, text),))
    return Message(key="hostile", to=CHANNEL, title=text, paragraphs=(paragraph, paragraph))
