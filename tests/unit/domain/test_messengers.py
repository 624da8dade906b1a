import pytest

from worker.domain.messengers import MESSENGERS, messenger


@pytest.mark.parametrize(
    "key, name, can_remove_creator",
    [
        ("whatsapp", "WhatsApp", False),
        ("WhatsApp", "WhatsApp", False),
        ("signal", "Signal", True),
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
        told = " ".join(steps).format(member="Ann", group="Ward 7", person="Ann Example")
        assert "Ann" in told
        assert "Ward 7" in told
    assert "Ward 7" in " ".join(rules.promote_steps).format(member="Ann", group="Ward 7", person="Ann")
