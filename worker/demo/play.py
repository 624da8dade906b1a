"""Play the story: with its own clock, five rounds of the jobs a day, and people who act in between."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import ClassVar
from zoneinfo import ZoneInfo

from worker.app.jobs.report import Report
from worker.app.refused import Refused
from worker.demo.ending import Ending
from worker.demo.files import DemoFolder, NotOurs
from worker.demo.gateway import gateway_app
from worker.demo.hospital import Hospital
from worker.demo.page import Page
from worker.demo.sights import everybody, watched
from worker.demo.staff import Staff
from worker.demo.story import FIRST_DAY, HABITS, STORY, Scene, Slot
from worker.demo.telling import Narrator
from worker.demo.words import count
from worker.domain.messages.message import Message, RecipientKind
from worker.domain.model import Standing
from worker.ops.clock import ManualClock, system_now
from worker.ops.interrupt import Interrupt
from worker.ops.logs import configure as configure_logs
from worker.ops.scheduler import wait_for_signal
from worker.ops.server import Limits, serving
from worker.ops.terminal import Terminal
from worker.ports import Abilities, CheckResult, Passive, Reach, Receipt
from worker.running.app import App
from worker.running.desk_serving import desk_served
from worker.running.wiring import load_settings, open_app
from worker.settings import Settings

ZONE = ZoneInfo("Europe/London")
LOOPBACK = ("127.0.0.1", 0)
MIDNIGHT, START = time(0, 0), time(8, 0)
ROUNDS = (  # each round's time, and the people who act before it
    (Slot.NIGHT, START),
    (Slot.MORNING, time(12, 0)),
    (Slot.AFTERNOON, time(16, 0)),
    (Slot.EVENING, time(20, 0)),
)
REGISTER_AFTER = timedelta(minutes=50)  # then the ward clerks note what was done
MONDAY = 0  # the day on which the clerks date the register anew, even without changes
DIGEST_WINDOW = timedelta(minutes=2)
PROLOGUE = (
    "St Mary's is an invented hospital. Each morning it exports its directory. Its wards keep a register of "
    "their WhatsApp groups, and a few groups have a phone of IT's in them, which is linked to a gateway and "
    "shows them live. Whosleft reads all three; what follows is what it finds, and what people do about it."
)
TERMS = "(Linking a phone breaks WhatsApp's terms, and its number may be banned. This one is invented, too.)"


_CAN = Abilities(frozenset({Reach.EMAIL, Reach.CHANNEL}), can_find=True)


@dataclass(slots=True)
class Postbox(Passive):
    """The demo's channel to people: keeps the messages that a real one would send."""

    name: str
    sent: list[Message] = field(default_factory=list)
    can: ClassVar[Abilities] = _CAN

    def takes(self, message: Message) -> int:
        return len(message.paragraphs)

    def send(self, message: Message) -> Receipt:
        self.sent.append(message)
        return Receipt(f"demo:{len(self.sent)}")

    def find(self, message: Message) -> Receipt | None:
        return next((Receipt("demo") for sent in self.sent if sent.key == message.key), None)

    def check(self) -> CheckResult:
        return CheckResult(ok=True, message="keeps messages to itself")


class Play:
    """One demo from its first to its last day."""

    def __init__(
        self,
        app: App,
        hospital: Hospital,
        folder: DemoFolder,
        clock: ManualClock,
        page: Page,
        post: Postbox,
    ) -> None:
        self._app = app
        self._hospital = hospital
        self._folder = folder
        self._clock = clock
        self._page = page
        self._post = post
        self._staff = Staff(app, hospital, HABITS, page.say)
        self._teller = Narrator(app, page)

    def days(self, number: int) -> datetime:
        """Play `number` days; return the last instant."""
        for day in range(1, number + 1):
            self._day(day, FIRST_DAY + timedelta(days=day - 1))
        return self._clock()

    def _day(self, number: int, on: date) -> None:
        sent = len(self._post.sent)
        if number > 1:
            self._round(self._go_to(on, MIDNIGHT), has_inventory=False)
        turns = STORY.get(number, {})
        for slot, round_at in ROUNDS:
            now = self._go_to(on, time(*slot.value))
            scene = Scene(self._app, self._hospital, self._folder, self._staff, now, on)
            before = self._hospital.memberships()
            for turn in turns.get(slot, ()):
                if said := turn(scene):
                    self._page.say(now, said)
            if slot is Slot.NIGHT:
                self._export(scene)
                is_dated = on.weekday() == MONDAY
            else:
                is_dated = self._staff.act(now)
            if is_dated or self._hospital.memberships() != before:
                self._folder.write_register(self._hospital, now + REGISTER_AFTER)
            self._round(self._go_to(on, round_at))
        self._close_day(on, self._post.sent[sent:])

    def _export(self, scene: Scene) -> None:
        if scene.is_export_lost:
            self._folder.write_empty_export(scene.today)
        else:
            self._folder.write_export(self._hospital, scene.today)

    def _go_to(self, on: date, at: time) -> datetime:
        self._clock.set(datetime.combine(on, at, ZONE))
        return self._clock()

    def _round(self, now: datetime, *, has_inventory: bool = True) -> None:
        self._teller.tell(now, list(self._jobs(now, has_inventory=has_inventory)))

    def _jobs(self, now: datetime, *, has_inventory: bool) -> Iterator[Report]:
        """Run the jobs as `whosleft run` does; messages go out a little later, for the digest's window."""
        app = self._app
        yield app.poll.run_once(now)
        if has_inventory:
            yield app.inventory.run_once(now, due_only=True)
        yield app.reconcile.run_once(now)
        yield app.verify.run_once(now)
        yield app.reconcile.run_once(now)
        yield app.run_controls.run_once(now)
        yield app.escalate.run_once(now)
        yield app.deliver.run_once(self._clock.advance(DIGEST_WINDOW))

    def _close_day(self, on: date, sent: list[Message]) -> None:
        now = self._clock()
        people = {message.to.address for message in sent if message.to.kind is RecipientKind.PERSON}
        to_people = sum(message.to.kind is RecipientKind.PERSON for message in sent)
        to_channel = len(sent) - to_people
        if self._page.has_said_something(on):
            if sent:
                parts = [f"{to_people} to {count(len(people), 'person', 'people')}"] if to_people else []
                parts += [f"{to_channel} to the security channel"] if to_channel else []
                self._page.say(now, f"Messages today: {', '.join(parts)}.")
            return
        with self._app.store.begin() as uow:
            working = sum(person.standing is not Standing.LEFT for person in everybody(uow))
            groups = len(watched(uow))
        self._page.quiet(now, f"Quiet: {working} people and {groups} groups were looked at, nothing new.")


def _at_once(_seconds: float) -> None:
    """Don't pause, because nobody is reading."""


def perform(path: Path, days: int, *, has_desk: bool) -> None:
    """Play `days` days into a folder, and print them; then open the desk, until it is ended (Ctrl-C).

    Raises Refused for a folder that isn't the demo's.
    """
    console = Terminal(highlight=False)
    page = Page(console, ZONE.key, Interrupt().sleep if sys.stdout.isatty() else _at_once)
    hospital, folder = Hospital(), DemoFolder(path)
    clock, post = ManualClock(datetime.combine(FIRST_DAY, START, ZONE)), Postbox("terminal")
    with serving(gateway_app(hospital, clock), LOOPBACK, "gateway", Limits(body_max=0)) as gateway:
        settings = _settings(folder, gateway)
        page.paragraph(PROLOGUE)
        page.paragraph(TERMS)
        with open_app(settings, clock, notifiers=[post], has_own_files=True) as app:
            now = Play(app, hospital, folder, clock, page, post).days(days)
            Ending(app, page, now).print(folder.config, has_desk=has_desk)
            if has_desk:
                _open_desk(app, page, now)


def _settings(folder: DemoFolder, gateway: str) -> Settings:
    """Prepare the folder, and read the configuration that it has then. Raises Refused."""
    try:
        folder.prepare(gateway)
    except NotOurs as error:
        raise Refused(str(error)) from None
    except OSError as error:
        why = error.strerror or error
        raise Refused(
            f"{folder.path} can't be written to: {why}. Choose another folder: --dir FOLDER."
        ) from None
    return load_settings(folder.config)


def _open_desk(app: App, page: Page, now: datetime) -> None:
    """Open the hospital's desk, with a clock that continues from the demo's last moment."""
    configure_logs(level="ERROR")
    began = system_now()

    def announce(secret: Callable[[], str], _: str) -> None:  # the hospital is invented
        page.line(f"\n{secret()}")
        page.line("It sends nothing to anybody. Ctrl-C ends the demo.")
        sys.stdout.flush()

    with desk_served(app, lambda: now + (system_now() - began), announce):
        wait_for_signal()
