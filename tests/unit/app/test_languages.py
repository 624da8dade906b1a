"""Each message is in its reader's language, from the ticket's opening to the digest's note."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from builders import facts, rules
from fakes.notifier import FakeNotifier
from harness import Harness
from worker.app.tell.addressing import person_at
from worker.domain.escalation.policy import After, Policy, Step, Target
from worker.domain.evidence.actor import Actor
from worker.domain.messages.message import CHANNEL, Paragraph
from worker.languages import BabelLanguages
from worker.ports import AuthFailed
from worker.ports.state.outbox import OutMessage

Found = Callable[..., Harness]
EVERYBODY = (Target.ASSIGNEE, Target.ADMINS, Target.MANAGER, Target.ACCOUNTABLE, Target.CHANNEL)
POLICY = Policy("all", (Step(After(share=1.0), EVERYBODY),))


def titles(notifier: FakeNotifier) -> dict[str, list[str]]:
    """What each address was sent, by its title."""
    sent: dict[str, list[str]] = {}
    for message in notifier.sent:
        sent.setdefault(message.to.address or "channel", []).append(message.title)
    return sent


def hospital(found: Found, **wishes: Any) -> Harness:
    """A hospital that speaks German, and a ward whose admin reads Turkish and whose other admin Urdu."""
    harness = found(languages=BabelLanguages("de"), **wishes)
    harness.hire("ann", manager_id="max")
    harness.hire("dee", language="tr-TR")
    harness.hire("eve", language="ur")
    harness.hire("max", language="fr;q=0.5, pl")
    harness.hire(*(f"p{number}" for number in range(20)))
    harness.group("ward-7", "ann", admins=["dee", "eve"])
    harness.settle()
    harness.later()
    return harness


def test_an_assignee_reads_their_own_language_and_everybody_else_the_organisation_s(found: Found) -> None:
    harness = hospital(found, rules=rules(policies=(POLICY,)))
    harness.leave("ann")
    harness.settle()
    harness.deliver()
    assert titles(harness.soc) == {"dee@corp.example": ["Ann adlı kişiyi Ward 7 grubundan çıkarın"]}

    harness.later(hours=24)
    harness.escalate()
    harness.soc.sent.clear()
    harness.deliver()

    assert titles(harness.soc) == {
        "dee@corp.example": ["Süresi geçti: Ann adlı kişiyi Ward 7 grubundan çıkarın"],
        "eve@corp.example": ["وقت گزر چکا ہے: \u2068\u2068Ann\u2069 کو \u2068Ward 7\u2069 سے ہٹائیں\u2069"],
        "max@corp.example": ["Po terminie: Usuń z grupy Ward 7: Ann"],
        "it-security@example.org": ["Überfällig: Ann aus Ward 7 entfernen"],
        "channel": ["Überfällig: Ann aus Ward 7 entfernen"],
    }
    [channel] = harness.soc.to("")
    assert "Ann arbeitet nicht mehr hier (das Konto ist deaktiviert)" in channel.paragraphs[0].text


def test_the_team_reads_what_became_of_a_claim_in_the_organisation_s_language(found: Found) -> None:
    harness = hospital(found, rules=rules(accountable=""))
    harness.leave("ann", "dee", "eve", "max")
    harness.settle()
    harness.desk.done(1, Actor("sam"), harness.later())
    harness.later()
    harness.inventory()
    harness.verify()
    harness.soc.sent.clear()
    harness.deliver()

    assert harness.ticket(1).reason.startswith("marked done, but ")
    texts = [one.text for message in harness.soc.to("") for one in message.paragraphs]
    assert any("als erledigt gemeldet, aber " in text for text in texts), texts


def test_who_is_told_in_two_ways_is_told_once_in_the_language_that_is_known(found: Found) -> None:
    policy = Policy("all", (Step(After(share=1.0), (Target.ACCOUNTABLE, Target.ADMINS)),))
    harness = hospital(found, rules=rules(policies=(policy,), accountable="Dee@corp.example"))
    harness.leave("ann")
    harness.settle()
    harness.deliver()
    harness.soc.sent.clear()
    harness.later(hours=24)
    harness.escalate()
    harness.deliver()

    assert titles(harness.soc)["dee@corp.example"] == [
        "Süresi geçti: Ann adlı kişiyi Ward 7 grubundan çıkarın"
    ]


def test_who_is_told_by_address_reads_the_language_that_only_their_second_directory_states(
    found: Found,
) -> None:
    policy = Policy("all", (Step(After(share=1.0), (Target.ACCOUNTABLE,)),))
    wanted = rules(policies=(policy,), accountable="cem@corp.example")
    harness = found(languages=BabelLanguages("de"), rules=wanted, directories=("corp", "tenant"))
    harness.hire("ann", "cem", "dee")
    harness.directories[1].put(facts("cloud-cem", email="cem@corp.example", language="pl"))
    harness.group("ward-7", "ann", admins=["dee"])
    harness.settle()
    harness.leave("ann")
    harness.settle()
    harness.later(hours=24)
    harness.escalate()
    harness.deliver()
    assert {one.to.language for one in harness.soc.to("cem@corp.example")} == {"pl"}


def test_a_message_says_in_which_language_it_is_and_not_which_one_was_wished_for(found: Found) -> None:
    harness = hospital(found)
    for name, language in {"max": "nl, pl;q=0.5", "he": "he", "ar": "ar-EG-u-nu-latn"}.items():
        to = replace(person_at(f"{name}@example.org"), language=language)
        harness.queue(OutMessage(name, to, "Title", Paragraph("Headline")))
    harness.queue(OutMessage("channel", CHANNEL, "Title", Paragraph("Headline")))
    harness.deliver()
    assert {one.to.address.partition("@")[0]: one.to.language for one in harness.soc.sent} == {
        "max": "pl",
        "he": "de",
        "ar": "ar-EG-u-nu-latn",
        "": None,
    }


def test_a_digest_and_its_note_are_in_the_language_of_what_they_hold(found: Found) -> None:
    harness = hospital(found, daily_max=1)
    harness.group("ward-8", "ann", admins=["dee"])
    harness.leave("ann")
    harness.settle()
    harness.deliver()

    [message] = harness.soc.sent
    assert message.title == "Whosleft’ten 2 ileti"
    assert message.note.startswith("Bu, bugün size gönderilen son ileti;")
    assert message.to.language == "tr-TR"
    assert message.repeat_note.startswith("Bu ileti tekrar olabilir")
    assert message.link_label == "Bu görevi aç"


def test_a_reopened_ticket_says_so_in_the_assignee_s_language(found: Found) -> None:
    harness = hospital(found)
    harness.leave("ann")
    harness.settle()
    harness.desk.done(1, Actor("dee"), harness.later())
    harness.deliver()
    harness.soc.sent.clear()
    harness.later()
    harness.inventory()
    harness.verify()
    harness.deliver()

    [message] = harness.soc.to("dee@corp.example")
    assert message.title == "Yeniden açıldı: Ann adlı kişiyi Ward 7 grubundan çıkarın"
    assert message.paragraphs[0].title == "Ann adlı kişiyi Ward 7 grubundan çıkarın"
    assert message.paragraphs[0].text.startswith("Yapıldı olarak işaretlendi")


def test_the_team_hears_of_a_source_in_the_organisation_s_language(found: Found) -> None:
    harness = hospital(found)
    harness.corp.fail(AuthFailed("Bind refused.", remedy="Renew it."), times=1)
    harness.poll()
    harness.deliver()
    harness.later()
    harness.poll()
    harness.deliver()

    assert titles(harness.soc) == {"channel": ["Nicht lesbar: corp", "Wieder lesbar: corp"]}


def test_a_held_plan_is_announced_in_the_organisation_s_language(found: Found) -> None:
    harness = hospital(found)
    harness.leave("ann", "dee", "eve", *(f"p{number}" for number in range(15)))
    harness.corp.put(replace(harness.person("max").facts, language="pt"))
    harness.poll()
    harness.reconcile()
    harness.deliver()

    assert any(title.startswith("Angehalten: Plan P-000001") for title in titles(harness.soc)["channel"])
