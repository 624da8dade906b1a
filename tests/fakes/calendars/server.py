"""A server of one calendar, and calendars to serve."""

from __future__ import annotations

from fakes.graph.http import LoopbackServer, Reply, Request

NINE_TO_NINE = "DTSTART:20261103T090000Z\nDTEND:20261104T090000Z"
ANN = f"SUMMARY:On call\nATTENDEE:mailto:a@example.org\n{NINE_TO_NINE}"


def ics(*events: str, head: str = "") -> bytes:
    """A calendar with these events, of which each is the lines between its begin and its end."""
    whole = (f"BEGIN:VEVENT\nUID:{number}\n{event}\nEND:VEVENT\n" for number, event in enumerate(events))
    text = f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//Example//Rota//EN\n{head}{''.join(whole)}END:VCALENDAR\n"
    return text.replace("\n", "\r\n").encode()


class CalendarServer(LoopbackServer):
    """Serves `reply`, and 304 to who names the tag that it has."""

    def __init__(self, calendar: bytes = b"") -> None:
        super().__init__()
        self.reply = Reply(200, calendar, "text/calendar")
        self._version = 1

    def put(self, calendar: bytes) -> None:
        """Serve another calendar from now on."""
        self._version += 1
        self.reply = Reply(200, calendar, "text/calendar")

    @property
    def address(self) -> str:
        return f"{self.url}/private-0123456789/site.ics"

    def answer(self, request: Request) -> Reply:
        tag = f'"{self._version}"'
        if request.headers.get("if-none-match") == tag:
            return Reply(304)
        return self.reply.with_headers(etag=tag)
