import pytest

from connectors.inventory.register.meaning import words
from worker.domain.messengers import MESSENGERS, messenger


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


def test_every_messenger_that_a_register_names_is_known() -> None:
    assert set(words.MESSENGERS.values()) == set(MESSENGERS)
