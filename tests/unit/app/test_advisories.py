"""Advisories over the whole worker: read at their pace, joined, told once, dismissed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from advisory_records import CVE
from advisory_site import DOWN, EXPLOITED, MINUTE, NOTICE, SCORED, Site, site
from builders import DAY, HOUR
from fakes.advisory_feed import FakeAdvisoryFeed
from worker.app.reads.advisories import feed_concerns
from worker.app.refused import Refused
from worker.domain.controls.policy import AdvisoryRule
from worker.domain.controls.switch import ControlSwitch, Where
from worker.domain.evidence import events
from worker.domain.evidence.actor import Actor
from worker.domain.watch.advisories import AdvisoryStatus
from worker.domain.watch.matching import MatchedBy, NamedProduct
from worker.domain.watch.versions import Fix
from worker.ports import BadConfig, Incomplete, Port

__all__ = ["site"]

DEE = Actor("dee")


def test_off_without_a_section(site: Site) -> None:
    site.kev.put(EXPLOITED)
    site.configure()

    assert "feeds" not in site.run().counts
    assert site.kev.asked == []
    assert site.control("watch.advisories").mode is None
    assert site.control("watch.provider").mode is None


def test_what_is_exploited_is_told_to_the_channel_once(site: Site) -> None:
    site.kev.put(EXPLOITED)

    report = site.run()
    again = site.run(HOUR)

    assert report.is_ok
    assert (report.counts["feeds"], report.counts["advisories"]) == (2, 1)
    assert again.counts["advisories"] == 0
    assert site.told() == ["WhatsApp: CVE-2026-10001 is used in attacks"]
    assert site.one().status is AdvisoryStatus.NOTIFIED
    with site.harness.store.reading() as uow:
        [entry] = [one.entry for one in uow.journal.chain() if one.entry.event == events.ADVISORY_ANNOUNCED]
    assert (entry.subject, entry.data["messenger"]) == (f"advisory:{CVE}", "whatsapp")


def test_what_scores_low_is_listed_and_not_told(site: Site) -> None:
    site.nvd.put(SCORED)
    site.run()

    assert site.one().status is AdvisoryStatus.NEW
    assert site.told() == []


def test_what_two_feeds_say_is_told_as_one(site: Site) -> None:
    site.kev.put(EXPLOITED)
    site.nvd.put(SCORED)
    site.run()

    [message] = [m for m in (site.told(), site.harness.soc.sent)[1] if CVE in m.title or m.paragraphs]
    [part] = message.paragraphs
    assert ("iOS", "2.26.1 or newer") in part.facts
    assert part.text == (f"Invented Vulnerability. Everybody who uses it has to update their app. {NOTICE}")
    assert part.link == EXPLOITED.url
    assert site.one().status is AdvisoryStatus.FIX_KNOWN


def test_a_change_that_shows_is_told_once_more_and_an_edit_is_not(site: Site) -> None:
    site.kev.put(EXPLOITED)
    site.run()
    site.kev.put(replace(EXPLOITED, title="Other words"))
    site.run(HOUR)
    site.nvd.put(SCORED)
    site.run(HOUR)
    site.run(HOUR)

    headline = "WhatsApp: CVE-2026-10001 is used in attacks"
    assert site.told() == [headline, f"Changed: {headline}"]


def test_what_is_so_again_after_another_change_is_told_again(site: Site) -> None:
    def fixed_in(version: str) -> None:
        product = NamedProduct(MatchedBy.CPE, "whatsapp", "whatsapp", "iphone_os", Fix(version), "a")
        site.nvd.put(replace(SCORED, cvss=9.8, products=(product,)))
        site.run(HOUR)
        site.run(HOUR)
        site.harness.deliver()

    for version in ("2.26.9", "2.26.1", "2.26.9"):
        fixed_in(version)

    told = [dict(part.facts) for message in site.harness.soc.sent for part in message.paragraphs]
    versions = [facts["iOS"] for facts in told if "iOS" in facts]
    assert versions == ["2.26.9 or newer", "2.26.1 or newer", "2.26.9 or newer"]


def test_a_score_that_comes_later_makes_it_urgent(site: Site) -> None:
    site.nvd.put(SCORED)
    site.run()
    site.nvd.put(replace(SCORED, cvss=9.8))
    site.run(HOUR)

    assert site.told() == ["WhatsApp: CVE-2026-10001 is severe"]


def test_each_feed_is_read_at_its_own_pace(site: Site) -> None:
    site.run(due_only=True)
    early = site.run(3 * HOUR, due_only=True)
    due = site.run(HOUR, due_only=True)

    assert (early.counts["feeds"], due.counts["feeds"]) == (0, 2)
    assert [cursor for cursor, _ in site.kev.asked] == [None, "1"]


def test_what_was_read_by_a_wrong_clock_is_read_again_at_once(site: Site) -> None:
    site.run(due_only=True)

    assert site.run(-960 * HOUR, due_only=True).counts["feeds"] == 2


def test_asked_for_by_hand_they_are_read_whatever_their_pace(site: Site) -> None:
    assert site.run().counts["feeds"] == site.run().counts["feeds"] == 2


def test_one_that_can_t_be_read_keeps_what_it_said_and_stops_nothing(site: Site) -> None:
    site.kev.put(EXPLOITED)
    site.nvd.put(SCORED)
    site.run()
    site.kev.error = BadConfig("the KEV catalogue answered 302.", remedy="Give the address itself.")
    site.nvd.put(replace(SCORED, cvss=7.5))

    failing = site.run(4 * HOUR)
    still = site.run(HOUR, due_only=True)

    assert failing.troubles == (f"kev: {site.kev.error}",)
    assert still.troubles == (site.kev.error.message,), "it is no better until it was read"
    assert (site.one().is_exploited, site.one().cvss) == (True, 7.5)
    state = site.harness.source("kev", Port.ADVISORIES)
    assert (state.failures, state.trouble) == (3, site.kev.error.message)


def test_a_feed_that_fails_shows_in_check(site: Site) -> None:
    site.run()
    site.nvd.error = DOWN
    site.run(HOUR)

    checks = {one.name: one for one in site.harness.app.check.run_once({"nvd": "nvd"}, site.harness.now)}
    assert (checks["nvd"].ok, checks["nvd"].port, checks["kev"].ok) == (False, Port.ADVISORIES, True)


def titles(site: Site) -> list[str]:
    site.harness.deliver()
    parts = [part.headline for message in site.harness.soc.sent for part in message.paragraphs]
    return [title for title in parts if "nvd" in title or "see" in title]


def test_somebody_is_told_to_look_and_that_it_is_over(site: Site) -> None:
    site.nvd.error = Incomplete("NVD: cut.", remedy="It is read again.")
    site.run()
    site.run(MINUTE, due_only=True)
    assert titles(site) == ["Needs a look: advisories: nvd"], "and the worker is not blind"

    site.nvd.put(SCORED)
    site.run(HOUR)
    site.run(MINUTE, due_only=True)
    site.run(MINUTE, due_only=True)
    assert titles(site)[1:] == ["Over: Needs a look: advisories: nvd"]


def test_a_fault_that_passes_is_told_at_the_third_time(site: Site) -> None:
    site.nvd.error = DOWN
    for _ in range(2):
        site.run(2 * HOUR)
    site.run(MINUTE, due_only=True)
    assert titles(site) == []

    site.run(2 * HOUR)
    site.run(MINUTE, due_only=True)
    assert titles(site) == ["Needs a look: advisories: nvd"]


def test_a_feed_that_is_too_old_is_told(site: Site) -> None:
    site.run()
    site.run(32 * DAY - HOUR, due_only=True)
    site.kev.error = site.nvd.error = DOWN
    site.harness.now += 32 * DAY

    found = feed_concerns(site.harness.store, site.harness.app.rules.advisories, site.harness.now)
    assert [one.about for one in found] == ["kev", "nvd"]
    assert "too old" in found[0].message


def test_one_that_fails_when_other_products_are_wanted_is_not_asked_at_every_look(site: Site) -> None:
    site.run(due_only=True)
    site.nvd.error = DOWN
    site.configure(advisories=(AdvisoryRule(messengers=("signal",)),))
    site.run(MINUTE, due_only=True)
    count = len(site.nvd.asked)
    site.run(MINUTE, due_only=True)

    assert len(site.nvd.asked) == count
    site.nvd.error = None
    site.run(4 * HOUR, due_only=True)
    assert site.nvd.asked[-1] == (None, ("signal",))


def test_of_messengers_in_use_alone(site: Site) -> None:
    signal = replace(SCORED, products=(NamedProduct(MatchedBy.CPE, "signal", "signal", part="a"),), cvss=9.9)
    site.nvd.put(signal)
    site.run()

    assert site.all() == {}
    assert site.nvd.asked[-1][1] == ("whatsapp",)


def test_another_messenger_in_use_is_asked_for_at_once_and_from_the_start(site: Site) -> None:
    site.run(due_only=True)
    site.harness.group("ward-9", "ann", messenger="signal", admins=["dee"])
    site.harness.settle()
    site.run(HOUR, due_only=True)

    assert site.nvd.asked[-1] == (None, ("whatsapp", "signal"))


def test_of_the_messengers_that_are_named(site: Site) -> None:
    site.configure(
        advisories=(
            AdvisoryRule(ControlSwitch(where=Where(messengers=("sig*",))), messengers=("signal", "telegram")),
        )
    )
    site.run()

    assert site.nvd.asked[-1][1] == ("signal",)


def test_systems_of_phones_are_watched_where_that_is_wanted(site: Site) -> None:
    site.configure(advisories=(AdvisoryRule(has_systems=True),))
    site.kev.put(replace(EXPLOITED, products=(NamedProduct(MatchedBy.WORDS, "Apple", "iOS and iPadOS"),)))
    site.run()

    assert site.told() == ["Apple iOS: CVE-2026-10001 is used in attacks"]


def test_a_record_that_is_withdrawn_is_closed(site: Site) -> None:
    site.kev.put(EXPLOITED)
    site.run()
    site.kev.put(replace(EXPLOITED, id="CVE-2026-10002"))
    site.run(HOUR)

    assert site.one().status is AdvisoryStatus.CLOSED


def test_a_feed_that_is_taken_out_of_the_configuration_says_nothing_more(site: Site) -> None:
    site.kev.put(EXPLOITED)
    site.run()
    site.harness.advisory_feeds.remove(site.kev)
    site.configure(advisories=(AdvisoryRule(),))
    site.run(HOUR)

    assert site.one().by_feed == {}


def test_a_feed_that_is_renamed_is_believed_until_its_new_name_is_read(site: Site) -> None:
    site.kev.put(EXPLOITED)
    site.run()
    renamed = FakeAdvisoryFeed("kev-mirror", now=site.harness.clock)
    renamed.put(*site.kev.records)
    renamed.error = DOWN
    site.harness.advisory_feeds[:] = [renamed, site.nvd]
    site.configure(advisories=(AdvisoryRule(),))
    site.run(HOUR)
    assert set(site.one().by_feed) == {"kev"}

    renamed.error = None
    site.run(HOUR)
    assert set(site.one().by_feed) == {"kev-mirror"}
    assert len(site.told()) == 1


def test_a_person_dismisses_one_for_good(site: Site) -> None:
    site.kev.put(EXPLOITED)
    site.run()
    [gone] = site.harness.app.advisories.dismiss(CVE.lower(), DEE, "every phone is new", site.harness.now)
    site.nvd.put(replace(SCORED, cvss=9.9))
    site.run(HOUR)

    assert gone.status is site.one().status is AdvisoryStatus.CLOSED
    assert len(site.told()) == 1
    with site.harness.store.reading() as uow:
        [entry] = [one.entry for one in uow.journal.of(f"advisory:{CVE}") if one.entry.actor == "dee"]
    assert (entry.event, entry.reason) == (events.ADVISORY_DISMISSED, "every phone is new")


def test_a_dismissed_one_is_told_of_a_messenger_that_nobody_looked_at(site: Site) -> None:
    site.nvd.put(replace(SCORED, cvss=9.8))
    site.run()
    site.harness.app.advisories.dismiss(CVE, DEE, "every phone is new", site.harness.now)
    site.harness.group("ward-9", "ann", messenger="signal", admins=["dee"])
    site.harness.settle()
    signal = NamedProduct(MatchedBy.CPE, "signal", "signal", part="a")
    site.nvd.put(replace(SCORED, cvss=9.9, products=(*SCORED.products, signal)))
    site.run(HOUR)

    assert site.told() == ["WhatsApp: CVE-2026-10001 is severe", "Signal: CVE-2026-10001 is severe"]
    [gone] = site.harness.app.advisories.dismiss(CVE, DEE, "nor Signal", site.harness.now)
    assert gone.key.messenger == "signal"


@pytest.mark.parametrize(
    "id_, reason, said",
    [("CVE-1999-0001", "why", "no advisory"), (CVE, " ", "Say why"), (CVE, "again", "already")],
)
def test_what_can_t_be_dismissed(site: Site, id_: str, reason: str, said: str) -> None:
    site.kev.put(EXPLOITED)
    site.run()
    if reason == "again":
        site.harness.app.advisories.dismiss(CVE, DEE, "first", site.harness.now)

    with pytest.raises(Refused, match=said):
        site.harness.app.advisories.dismiss(id_, DEE, reason, site.harness.now)
