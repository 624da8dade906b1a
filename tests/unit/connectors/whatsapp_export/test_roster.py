from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import ValidationError

from connectors.inventory.whatsapp_export.client import FILES_MAX
from connectors.inventory.whatsapp_export.config import WhatsappExportConfig
from connectors.inventory.whatsapp_export.connector import WhatsappExportInventory
from connectors.inventory.whatsapp_export.mapping import roster_of
from connectors.kit.whatsapp_export.names import group_id, group_in
from contracts.inventory import context
from fakes.chat_exports import NOW, android, read
from fakes.in_process import in_process
from worker.domain.model import Coverage, Going, Renumbered, Role, Roster
from worker.ports import BadConfig, ConnectorContext, Incomplete, SnapshotEnd

N1, N2 = "+44 7700 900101", "+44 7700 900102"
AT = datetime(2026, 3, 13, 10, 15, tzinfo=UTC)


def roster(*lines: str) -> Roster:
    return roster_of(read(android(*lines)), NOW)


def inventory(folder: Path, path: str = "exports", **changes: object) -> WhatsappExportInventory:
    around = context(folder)
    around = ConnectorContext(**{key: getattr(around, key) for key in around.__slots__} | changes)
    return WhatsappExportInventory(WhatsappExportConfig(path=Path(path)), around, in_process)


def test_who_came_is_a_member_and_who_went_has_departed() -> None:
    shown = roster(
        "Amina added Bob", f"{N1} joined using this group's invite link", "Amina removed Bob", f"{N2} left"
    )

    assert [(m.handle, m.display_name, m.phone, m.role, m.joined_at) for m in shown.members] == [
        ("+447700900101", "", "+447700900101", Role.UNKNOWN, AT)
    ]
    assert [(d.handle, d.display_name, d.phone, d.at, d.how) for d in shown.departed] == [
        ("name:bob", "Bob", None, AT, Going.REMOVED),
        ("+447700900102", "", "+447700900102", AT, Going.LEFT),
    ]
    assert shown.coverage is Coverage.PARTIAL
    assert (shown.taken_at, shown.facts.last_activity_at) == (AT, AT)


def test_who_came_back_is_a_member_and_has_not_departed() -> None:
    shown = roster("Amina removed Bob", "Amina added Bob")
    assert [m.handle for m in shown.members] == ["name:bob"]
    assert shown.departed == ()


def test_the_exporter_is_nobody() -> None:
    shown = roster("You were added", "Amina removed you")
    assert (shown.members, shown.departed) == ((), ())


def test_a_new_number_is_the_same_member_by_number() -> None:
    shown = roster(f"Amina added {N1}", f"{N1} changed to {N2}")
    assert [(m.handle, m.phone, m.joined_at) for m in shown.members] == [
        ("+447700900102", "+447700900102", AT)
    ]
    assert shown.departed == ()


def test_a_number_that_went_is_back_by_who_changes_to_it() -> None:
    shown = roster(f"Amina added {N1}", f"Amina removed {N2}", f"{N1} changed to {N2}")
    assert [m.handle for m in shown.members] == ["+447700900102"]
    assert shown.departed == ()


def test_a_new_number_of_a_name_gives_the_name_its_number() -> None:
    shown = roster("Amina added Bob", f"Bob changed to {N2}", "Amina added Carol")
    assert [(m.handle, m.display_name) for m in shown.members] == [
        ("+447700900102", "Bob"),
        ("name:carol", "Carol"),
    ]
    gone = roster("Amina added Bob", f"Bob changed to {N2}", "Bob left")
    assert [(d.handle, d.display_name, d.phone) for d in gone.departed] == [
        ("+447700900102", "Bob", "+447700900102")
    ]


def test_a_change_from_one_number_to_another_is_told() -> None:
    shown = roster(f"{N1} changed to {N2}", "Amina added Bob", f"Bob changed to {N1}", f"Bob changed to {N2}")
    assert shown.renumbered == (
        Renumbered("+447700900101", "+447700900102", AT),
        Renumbered("+447700900101", "+447700900102", AT),
    )
    undated = read(android(f"{N1} changed to {N2}", f"{N1} changed to {N1}", at="03/04/2026, 10:15"))
    assert roster_of(undated, NOW).renumbered == ()


def test_a_new_number_that_is_not_said_changes_nothing() -> None:
    shown = roster("Amina added Bob", "Bob changed their phone number to a new number. Tap to message.")
    assert [m.handle for m in shown.members] == ["name:bob"]


def test_without_a_sure_date_nothing_has_one() -> None:
    shown = roster_of(read(android("Amina removed Bob", at="03/04/2026, 10:15")), NOW)
    assert [d.at for d in shown.departed] == [None]
    assert shown.facts.last_activity_at is None
    assert shown.coverage is Coverage.PARTIAL


def test_a_line_of_a_time_to_come_is_not_dated_yet() -> None:
    """A phone a day ahead, or in a zone to the east: it may have been before or after anything that was said here."""
    lines = [
        f"25/11/2026, 08:0{n} - {text}"
        for n, text in enumerate((f"{N1} left", f"{N2} changed to +44 7700 900103"))
    ]
    export = read(android(*lines))
    assert [(d.handle, d.at) for d in roster_of(export, NOW).departed] == [("+447700900101", None)]
    assert roster_of(export, NOW).renumbered == ()


@pytest.mark.parametrize(
    "file, name",
    [
        ("WhatsApp Chat with Ward 7.txt", "Ward 7"),
        ("WhatsApp Chat with Ward 7 (1).zip", "Ward 7"),
        ("WhatsApp Chat - Ward 7.zip", "Ward 7"),
        ("WhatsApp Chat mit Station 7.txt", "Station 7"),
        ("Discussion WhatsApp avec Salle 7.txt", "Salle 7"),
        ("Chat de WhatsApp con Sala 7.txt", "Sala 7"),
        ("Conversa do WhatsApp com Ala 7.txt", "Ala 7"),
        ("Chat WhatsApp con Reparto 7.txt", "Reparto 7"),
        ("WhatsApp-chat met Afdeling 7.txt", "Afdeling 7"),
        ("Czat WhatsApp z Oddział 7.txt", "Oddział 7"),
        ("Servis 7 ile WhatsApp Sohbeti.txt", "Servis 7"),
        ("वार्ड 7 के साथ WhatsApp चैट.txt", "वार्ड 7"),
        ("محادثة واتساب مع جناح ٧.txt", "جناح ٧"),
        ("Ward 7.txt", "Ward 7"),
        ("_chat.txt", ""),
    ],
)
def test_the_file_s_name_names_the_group(file: str, name: str) -> None:
    assert group_in(file) == name


def test_a_group_s_id_is_its_name_and_nothing_that_a_file_s_name_lacks() -> None:
    assert group_id("Ward 7: Nights 🌙") == group_id("ward 7 nights")
    assert group_id("Ward 7: Nights").startswith("ward-7-nights-")
    assert group_id("Ward 7") != group_id("Ward 8")
    assert group_id("جناح ٧") != group_id("جناح ٨")
    assert group_id("🌙") != group_id("⭐")
    assert group_id("🌙").startswith("group-")


@pytest.mark.parametrize("names", [("W", "W (1)"), ("W (1)", "W")])
def test_the_newer_of_two_exports_of_a_group_counts(names: tuple[str, str], tmp_path: Path) -> None:
    (tmp_path / "exports").mkdir()
    old = android("Amina added Bob", at="13/03/2026, 10:15")
    new = old + android("Amina removed Bob", at="14/03/2026, 10:15")
    for name, text in zip(names, (new, old), strict=True):
        (tmp_path / "exports" / f"WhatsApp Chat with {name}.txt").write_text(text)

    shown, end = inventory(tmp_path).changes(None)

    assert isinstance(shown, Roster)
    assert [d.handle for d in shown.departed] == ["name:bob"]
    assert isinstance(end, SnapshotEnd)
    assert end.groups_total == 1
    assert "the newer counts" in inventory(tmp_path).check().details["notes"]


def test_a_chat_of_two_is_no_group(tmp_path: Path) -> None:
    (tmp_path / "exports").mkdir()
    (tmp_path / "exports" / "WhatsApp Chat with Bob.txt").write_text(android("Bob: hi", "Amina: hi"))
    assert [type(item) for item in inventory(tmp_path).changes(None)] == [SnapshotEnd]
    assert "of two people" in inventory(tmp_path).check().details["notes"]


def test_one_file_and_only_the_groups_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "WhatsApp Chat with W.txt"
    path.write_text(android("Amina added Bob"))
    source = inventory(tmp_path, path.name)
    assert len(list(source.changes(None))) == 2
    *none, end = source.changes(None, {"other"})
    assert none == []
    assert isinstance(end, SnapshotEnd)
    assert not end.is_full


def test_a_group_that_is_not_wanted_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "WhatsApp Chat with W.txt"
    path.write_text(android("Amina added Bob"))
    source = inventory(tmp_path, path.name, takes=lambda _id, name: name != "W")
    assert [type(item) for item in source.changes(None)] == [SnapshotEnd]


def test_an_empty_folder_is_red_but_reads(tmp_path: Path) -> None:
    (tmp_path / "exports").mkdir()
    (tmp_path / "exports" / ".hidden.txt").write_text("x")
    (tmp_path / "exports" / "picture.jpg").write_text("x")
    result = inventory(tmp_path).check()
    assert not result.ok
    assert "no export" in result.message


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(android("Amina added Bob"))
    (tmp_path / "exports").mkdir()
    (tmp_path / "exports" / "W.txt").symlink_to("../secret")
    with pytest.raises(BadConfig, match="leads out"):
        list(inventory(tmp_path).changes(None))


def test_too_many_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "exports").mkdir()
    for number in range(FILES_MAX + 1):
        (tmp_path / "exports" / f"{number}.txt").touch()
    with pytest.raises(Incomplete, match="2,000"):
        list(inventory(tmp_path).changes(None))


def test_unknown_keys_are_refused() -> None:
    with pytest.raises(ValidationError):
        WhatsappExportConfig.model_validate({"path": "x", "columns": {}})


def test_the_file_is_read_in_a_process_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "WhatsApp Chat with W.txt"
    path.write_text(android("Amina removed Bob"))
    source = WhatsappExportInventory(WhatsappExportConfig(path=Path(path.name)), context(tmp_path))
    shown, _end = source.changes(None)
    assert isinstance(shown, Roster)
    assert [d.display_name for d in shown.departed] == ["Bob"]
