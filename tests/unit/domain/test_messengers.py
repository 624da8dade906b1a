import pytest

from connectors.inventory.register.meaning import words
from worker.domain.messengers import MESSENGERS, is_bot, messenger, messenger_name


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


@pytest.mark.parametrize(
    "key, handle, username, found",
    [
        ("matrix", "@whatsapp_447700900101:example.org", None, True),
        ("Matrix", "@_slack_t0_u1:example.org", None, True),
        ("matrix", "@whatsappbot:example.org", None, True),
        ("matrix", "@duty-bot:example.org", None, True),
        ("matrix", "@ann.talbot:example.org", None, False),
        ("matrix", "@talbot:bot", None, False),
        ("telegram", "4711", "WardBot", True),
        ("telegram", "4711", "ann", False),
        ("telegram", "4711", None, False),
        ("whatsapp", "+447700900101", "wardbot", False),
    ],
)
def test_bots_and_bridges_are_known_by_what_they_are_called(
    key: str, handle: str, username: str | None, found: bool
) -> None:
    assert is_bot(key, handle, username) is found


def test_a_messenger_is_called_by_its_name_and_an_unknown_one_by_its_key() -> None:
    assert [messenger_name(key) for key in ("whatsapp", "Teams", "zulip")] == [
        "WhatsApp",
        "Microsoft Teams",
        "zulip",
    ]
