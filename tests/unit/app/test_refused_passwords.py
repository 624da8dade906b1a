"""A password that was refused is not tried for each message: whoever counts refusals locks the account."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from fakes.notifier import FakeNotifier
from harness import Harness
from letters import Found, letter
from worker.app.jobs.deliver import Deliver
from worker.app.tell.addressing import person_at
from worker.domain.messages.message import Message
from worker.ports import AuthFailed, Receipt

REFUSED = AuthFailed("535.", remedy="Check the password.")


def at_work(harness: Harness, minutes: int) -> int:
    """A pass each minute; how many messages were sent."""
    sent = 0
    for _ in range(minutes):
        sent += harness.deliver().counts["sent"]
        harness.later(minutes=1)
    return sent


def refusing(found: Found, *others: FakeNotifier) -> tuple[Harness, FakeNotifier]:
    """A harness whose mail server refuses the password, and so many people to be told."""
    mail = FakeNotifier("mail", hears_returns=True, by_password=True)
    harness = found(notifiers=[mail, *others])
    mail.down = REFUSED
    harness.queue(*(letter(f"m{number}", person_at(f"p{number}@example.org")) for number in range(20)))
    return harness, mail


def test_it_is_tried_once_an_hour_however_many_messages_wait(found: Found) -> None:
    harness, mail = refusing(found)
    assert at_work(harness, 60) == 0
    assert (len(mail.attempts), mail.looks) == (1, 1)
    for hour in range(1, 4):
        harness.queue(letter(f"later{hour}", person_at(f"later{hour}@example.org")))
        at_work(harness, 60)
        assert (len(mail.attempts), mail.looks) == (1 + hour, 1 + hour)


def test_each_message_still_goes_to_the_next_channel_after_an_hour(found: Found) -> None:
    soc = FakeNotifier("soc")
    harness, mail = refusing(found, soc)
    at_work(harness, 90)
    assert len(soc.sent) == 20
    assert not any(message.may_be_repeat for message in soc.sent)
    assert len(mail.attempts) <= 2


def test_every_message_says_so_as_trouble_though_nothing_was_tried(found: Found) -> None:
    harness, mail = refusing(found)
    harness.deliver()
    harness.later(minutes=1)
    assert harness.deliver().troubles == ("mail: 535. Check the password.",)
    assert len(mail.attempts) == 1


def test_after_the_hour_a_password_that_is_good_again_lets_all_out(found: Found) -> None:
    harness, mail = refusing(found)
    at_work(harness, 5)
    mail.down = None
    assert at_work(harness, 55) == 0
    harness.queue(letter("new", person_at("new@example.org")))
    assert at_work(harness, 2) == 21, "what had failed is tried at once when something arrives"


def test_a_reload_tries_at_once(found: Found) -> None:
    harness, mail = refusing(found)
    harness.deliver()
    mail.down = None
    harness.later(minutes=1)
    after = Deliver(harness.store, harness.notifiers, harness.deliver_rules, harness.clock, "us:2")
    assert after.run_once(harness.now).counts["sent"] == 20


def test_a_clock_that_went_back_lets_no_channel_rest_for_longer(found: Found) -> None:
    harness, mail = refusing(found)
    harness.deliver()
    mail.down = None
    harness.now -= timedelta(days=1)
    harness.queue(letter("new", person_at("new@example.org")))
    harness.later(minutes=2)
    assert harness.deliver().counts["sent"] > 0


def test_a_token_that_was_refused_is_tried_on(found: Found) -> None:
    """Nobody locks an account for it: what is mended there counts as soon as the next message is due."""
    harness, mail = refusing(found)
    mail.can = replace(mail.can, by_password=False)
    harness.deliver()
    assert len(mail.attempts) == 20
    mail.down = None
    assert at_work(harness, 3) == 20


class RefusedLook(FakeNotifier):
    """Sends, but may not look for what came back."""

    def send(self, message: Message) -> Receipt:
        self.down = None
        receipt = super().send(message)
        self.down = REFUSED
        return receipt


def test_a_look_that_is_refused_rests_by_itself(found: Found) -> None:
    mail = RefusedLook("mail", hears_returns=True, by_password=True)
    mail.down = REFUSED
    harness = found(notifiers=[mail])
    for number in range(60):
        harness.queue(letter(f"m{number}", person_at(f"p{number}@example.org")))
        harness.deliver()
        harness.later(minutes=1)
    assert mail.looks == 1
    assert len(mail.sent) >= 59
