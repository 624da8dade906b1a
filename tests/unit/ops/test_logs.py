import io
import json
import logging
import sys
import warnings
from threading import Thread

import pytest
import structlog

from fakes.log_lines import Lines
from worker.ops import logs

log = structlog.stdlib.get_logger("worker.ops.somewhere")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def fail() -> None:
    secret = "hunter2"
    raise LookupError(f"nobody at +447700900123, token={secret}")


def fail_because() -> None:
    try:
        fail()
    except LookupError as error:
        raise RuntimeError("the pass ended early") from error


def test_a_line_is_json_with_its_fixed_keys_first(lines: Lines) -> None:
    log.info("job.finished", job="poll", counts={"left": 2})

    [line] = lines.all()
    assert list(line) == ["timestamp", "level", "event", "logger", "job", "counts"]
    assert (line["level"], line["event"], line["logger"]) == ("info", "job.finished", "worker.ops.somewhere")
    assert line["timestamp"].endswith("Z")
    assert line["counts"] == {"left": 2}


def test_a_key_of_the_event_cannot_displace_a_fixed_one(lines: Lines) -> None:
    log.info("job.finished", timestamp="never", level="none", logger="nobody")

    [line] = lines.all()
    assert (line["level"], line["logger"]) == ("info", "worker.ops.somewhere")
    assert line["timestamp"] != "never"


def test_personal_data_and_secrets_are_hidden(lines: Lines) -> None:
    log.warning(
        "job.troubled", trouble="corp: +44 7700 900123 is odd", name="Dana Reyes", bot_token="xoxb-1-2"
    )

    [line] = lines.all()
    assert line["trouble"] == "corp: +44•••••••123 is odd"
    assert (line["name"], line["bot_token"]) == ("•••", "[redacted]")


@pytest.mark.parametrize(
    "library", ["apscheduler.scheduler", "alembic", "slack_sdk.web", "sqlalchemy.engine", "httpx"]
)
def test_libraries_are_heard_from_warnings_on(lines: Lines, library: str) -> None:
    logging.getLogger(library).setLevel(logging.NOTSET)
    logging.getLogger(library).info("chatter")
    logging.getLogger(library).warning("token %s of %s", "xoxb-1-2", "dana@corp.example")

    [line] = lines.all()
    assert (line["event"], line["logger"], line["level"]) == ("library.logged", library, "warning")
    assert line["message"] == "token [redacted] of d•••@corp.example"


def test_an_exception_is_a_dict_with_places_and_without_locals(lines: Lines) -> None:
    try:
        fail_because()
    except RuntimeError:
        log.exception("job.failed", job="poll")

    [line] = lines.all()
    told = line["exception"]
    assert (told["type"], told["message"]) == ("RuntimeError", "the pass ended early")
    assert [place.split(" ")[1] for place in told["at"]][-1] == "fail_because"
    assert all(place.startswith("test_logs.py:") for place in told["at"])
    assert told["cause"]["type"] == "LookupError"
    assert told["cause"]["message"] == "nobody at +44•••••••123, token=[redacted]"
    assert "hunter2" not in json.dumps(line)


def test_an_exception_of_a_library_is_told_in_the_same_way(lines: Lines) -> None:
    try:
        fail()
    except LookupError:
        logging.getLogger("slack_sdk").exception("went wrong")

    assert lines.all()[0]["exception"]["type"] == "LookupError"


def test_each_of_a_group_of_exceptions_is_told(lines: Lines) -> None:
    log.error("job.failed", exc_info=ExceptionGroup("two", [ValueError("a"), OSError("b")]))

    assert [one["message"] for one in lines.all()[0]["exception"]["all"]] == ["a", "b"]


def test_a_thread_that_crashes_is_logged(lines: Lines) -> None:
    thread = Thread(target=fail, name="lease-poll")
    thread.start()
    thread.join()

    [line] = lines.of("thread.crashed")
    assert (line["thread"], line["exception"]["type"]) == ("lease-poll", "LookupError")


def test_warnings_of_python_come_as_lines(lines: Lines) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=False)  # catch_warnings put back what pytest had put in place
        logging.captureWarnings(capture=True)
        warnings.warn("old ways", UserWarning, stacklevel=1)
        logging.captureWarnings(capture=False)

    assert "old ways" in lines.of("library.logged")[0]["message"]


def test_the_level_is_that_of_this_program(own_logging: None) -> None:
    stream = io.StringIO()
    logs.configure(stream, json=True, level="WARNING")

    log.info("job.finished")
    log.warning("job.troubled")

    assert [line["event"] for line in Lines(stream).all()] == ["job.troubled"]


def test_a_later_configuration_replaces_the_one_before(own_logging: None) -> None:
    first, second = io.StringIO(), io.StringIO()
    logs.configure(first, json=True)
    logs.configure(second, json=True)

    log.info("job.finished")

    assert first.getvalue() == ""
    assert len(Lines(second).all()) == 1


def test_for_a_person_a_line_is_text(own_logging: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    screen = Terminal()
    logs.configure(screen)

    log.warning("job.troubled", job="poll", trouble="corp: not reached.")

    text = screen.getvalue()
    assert "\x1b[33mwarning" in text
    assert text.rstrip().endswith("job=poll  trouble=corp: not reached.")


def test_colour_is_left_out_for_those_who_want_none(
    own_logging: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    screen = Terminal()
    logs.configure(screen)

    log.warning("job.troubled")

    assert "\x1b" not in screen.getvalue()


def test_what_is_no_terminal_gets_json(own_logging: None) -> None:
    stream = io.StringIO()
    logs.configure(stream)

    log.info("job.finished")

    assert Lines(stream).all()[0]["event"] == "job.finished"


def test_no_value_can_forge_a_line_or_steer_a_terminal(own_logging: None) -> None:
    screen = io.StringIO()
    logs.configure(screen, json=False)

    log.info("job.troubled", trouble="x\n09:00:00 error    forged\x1b[2J\u202e")

    assert screen.getvalue().count("\n") == 1
    assert "\\x1b[2J\\u202e" in screen.getvalue()


def test_a_traceback_for_a_person_is_lines_that_belong_together(own_logging: None) -> None:
    screen = io.StringIO()
    logs.configure(screen, json=False)
    try:
        fail_because()
    except RuntimeError:
        log.exception("job.failed")

    lines = screen.getvalue().splitlines()
    assert lines[1] == "    RuntimeError: the pass ended early"
    assert "    because of LookupError: nobody at +44•••••••123, token=[redacted]" in lines
    assert all(line.startswith("    ") for line in lines[1:])


def test_without_a_stream_of_its_own_it_follows_standard_error(
    own_logging: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    logs.configure(json=True)
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)

    log.info("job.finished")

    assert len(Lines(stream).all()) == 1


def test_a_stream_that_nobody_reads_stops_nothing(own_logging: None) -> None:
    stream = io.StringIO()
    logs.configure(stream, json=True)
    stream.close()

    log.info("job.finished")
