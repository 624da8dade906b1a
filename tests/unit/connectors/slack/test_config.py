import pytest
from pydantic import ValidationError

from connectors.notify.slack import SPEC
from connectors.notify.slack.config import SlackConfig
from contracts.messages import context
from worker.ports import Reach

TOKEN = "xoxb-900000000000-s3cr3tS3cr3tS3cr3t"


def test_the_token_is_in_no_repr_or_dump_and_loses_a_file_s_line_end() -> None:
    config = SlackConfig.model_validate({"token": TOKEN + "\n"})
    assert config.token.get_secret_value() == TOKEN
    assert TOKEN not in repr(config) + str(config) + str(config.model_dump()) + config.model_dump_json()


@pytest.mark.parametrize(
    "channel", [None, "#leavers", "leavers", "#ward-7_it", "#مغادرون", "C0123456789", "G01234567"]
)
def test_a_channel_is_a_name_or_an_id(channel: str | None) -> None:
    assert SlackConfig.model_validate({"token": TOKEN, "channel": channel}).channel == channel


@pytest.mark.parametrize(
    "key, value, part",
    [
        ("token", "", "the token alone"),
        ("token", "  ", "the token alone"),
        ("token", f"{TOKEN}\nX-Evil: 1", "the token alone"),
        ("token", f"Bearer {TOKEN}", "the token alone"),
        ("token", TOKEN + "…", "the token alone"),
        ("channel", "", "#leavers"),
        ("channel", "# leavers", "#leavers"),
        ("channel", "#Leavers", "#leavers"),
        ("channel", "@amina", "#leavers"),
        ("channel", "#a,#b", "#leavers"),
        ("channels", {"wards": "@amina"}, "#leavers"),
        ("channels", {"a b": "C0123456789"}, "letters, digits"),
        ("api_url", "slack.com/api", "https://slack.com/api/"),
        ("api_url", "ftp://slack.example.org/", "https://slack.com/api/"),
        ("api_url", f"https://u:{TOKEN}@slack.example.org/", "https://slack.com/api/"),
        ("chanel", "#leavers", "chanel"),
    ],
)
def test_a_wrong_value_is_refused_with_what_is_right_and_without_the_token(
    key: str, value: object, part: str
) -> None:
    with pytest.raises(ValidationError) as raised:
        SlackConfig.model_validate({"token": TOKEN, key: value})
    said = str(raised.value)
    assert part in said
    assert key in said
    assert TOKEN not in said


def test_the_spec_builds_without_any_connection() -> None:

    config = SPEC.config.model_validate({"token": TOKEN, "api_url": "https://nowhere.invalid/api/"})
    notifier = SPEC.build(config, context())
    assert (notifier.name, notifier.can.reaches) == ("soc", {Reach.EMAIL})
