import pytest

from connectors.inventory.register.meaning import words
from worker.domain.messengers import MESSENGERS, messenger
from worker.domain.text.tongue import ENGLISH


@pytest.mark.parametrize(
    "key, name, can_remove_creator",
    [
        ("whatsapp", "WhatsApp", False),
        ("WhatsApp", "WhatsApp", False),
        ("signal", "Signal", True),
        ("telegram", "Telegram", False),
        ("teams", "Microsoft Teams", True),
        ("slack", "Slack", True),
        ("matrix", "Element", False),
        ("xmpp", "XMPP", True),
        ("pigeon", "the messenger", True),
    ],
)
def test_each_messenger_has_its_rules_and_an_unknown_one_general_ones(
    key: str, name: str, can_remove_creator: bool
) -> None:
    found = messenger(key)
    assert (found.name, found.can_remove_creator) == (name, can_remove_creator)


@pytest.mark.parametrize("key", [*MESSENGERS, "pigeon"])
def test_steps_name_the_group_and_the_member(key: str) -> None:
    rules = messenger(key)
    for steps in (rules.remove_steps, rules.add_steps):
        told = _told(steps, rules.name)
        assert "Ann" in told
        assert "Ward 7" in told
    assert "Ward 7" in _told(rules.promote_steps, rules.name)
    assert "Ward 7" in _told(rules.orphan_steps, rules.name)
    assert (f"in {rules.name}." in _told(rules.remove_steps, rules.name)) is (key != "pigeon")


def test_every_messenger_that_a_register_names_has_its_steps() -> None:
    assert set(words.MESSENGERS.values()) == set(MESSENGERS)


def _told(steps: tuple[str, ...], name: str) -> str:
    return " ".join(ENGLISH.say(step, member="Ann", group="Ward 7", messenger=name) for step in steps)
