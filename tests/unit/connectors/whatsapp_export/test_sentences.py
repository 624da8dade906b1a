from __future__ import annotations

import pytest

from connectors.kit.whatsapp_export.phrases import LANGUAGES
from connectors.kit.whatsapp_export.sentences import SENTENCES
from connectors.kit.whatsapp_export.sentences import read as said
from fakes.chat_exports import android, brief, read
from growth import grows_evenly

A, B, N, P = "Amina Yusuf", "Bob Nurse", "+44 7700 900102", "+44 7700 900101"
WRITTEN = "+447700900102"
CASES = [
    # English
    (f"{A} removed {B}", f"removed {A}: {B}"),
    (f"{A} removed \u202a{N}\u202c", f"removed {A}: {WRITTEN}"),
    (f"You removed {B}", f"removed <exporter>: {B}"),
    (f"{A} removed you", f"removed {A}: <exporter>"),
    (f"{B} was removed", f"removed : {B}"),
    (f"{B} left", f"left : {B}"),
    (f"{N} left", f"left : {WRITTEN}"),
    ("You left", "left : <exporter>"),
    (f"~\u202f{B} left", f"left : {B}"),
    (f"{N} joined using this group's invite link", f"joined : {WRITTEN}"),
    (f"{N} joined using this group’s invite link", f"joined : {WRITTEN}"),
    (f"{N} joined using this community's invite link", f"joined : {WRITTEN}"),
    (f"{N} joined using a group link.", f"joined : {WRITTEN}"),
    (f"{N} joined from the community", f"joined : {WRITTEN}"),
    (f"{B} joined using your invite", f"joined : {B}"),
    (f"{A} added {B}", f"added {A}: {B}"),
    (f"{A} added {B}, Carol and Dan", f"added {A}: {B}, Carol, Dan"),
    (f"{A} added {B}, Carol, and Dan", f"added {A}: {B}, Carol, Dan"),
    (f"{A} added {N} and {P}", f"added {A}: {WRITTEN}, +447700900101"),
    ("You were added", "added : <exporter>"),
    (f"{B} was added", f"added : {B}"),
    (f"{A} added you", f"added {A}: <exporter>"),
    (f'{A} created group "Ward"', f"created {A}: Ward"),
    (f"{A} created group “Ward”", f"created {A}: Ward"),
    ('You created group "Ward"', "created <exporter>: Ward"),
    (f"{A} created this group", f"created {A}"),
    (f'{A} changed the subject from "Ward" to "Ward 7"', f"subject {A}: Ward 7"),
    (f"{A} changed the subject to “Ward 7”", f"subject {A}: Ward 7"),
    (f'{A} changed the group name from "Ward" to "Ward 7: Nights"', f"subject {A}: Ward 7: Nights"),
    (f"{A} changed the group description", f"description {A}"),
    (f"{A} changed this group's icon", f"picture {A}"),
    (f"{A} deleted this group's icon", f"picture {A}"),
    (f"{A} changed to {N}", f"number {A}: {WRITTEN}"),
    (f"{P} changed to {N}", f"number +447700900101: {WRITTEN}"),
    (f"{A}'s number was changed from {P} to {N}", f"number {A} +447700900101: {WRITTEN}"),
    (f"{A} changed their phone number to a new number. Tap to message or add the new number.", f"number {A}"),
    ("You're now an admin", "admin : <exporter>"),
    ("You’re no longer an admin", "no_admin : <exporter>"),
    (f"{A} revoked this group's invite link", f"link_reset {A}"),
    (f"{A} reset this group's invite link", f"link_reset {A}"),
    (f"{A} changed this group's settings to allow only admins to send messages", f"settings {A}"),
    (f"{A} turned on admin approval to join this group. Tap to change.", f"settings {A}"),
    # German
    (f"{A} hat {B} entfernt", f"removed {A}: {B}"),
    (f"Du hast {B} entfernt.", f"removed <exporter>: {B}"),
    (f"{B} hat die Gruppe verlassen.", f"left : {B}"),
    (f"{B} ist der Gruppe mit dem Einladungslink beigetreten.", f"joined : {B}"),
    (f"{A} hat {B}, Carol und Dan hinzugefügt.", f"added {A}: {B}, Carol, Dan"),
    ("Du wurdest hinzugefügt.", "added : <exporter>"),
    (f"{A} hat dich hinzugefügt", f"added {A}: <exporter>"),
    (f"{A} hat die Gruppe „Ward“ erstellt.", f"created {A}: Ward"),
    (f"{A} hat den Betreff von „Ward“ zu „Ward 7“ geändert.", f"subject {A}: Ward 7"),
    (f"{A} hat die Gruppenbeschreibung geändert.", f"description {A}"),
    (f"{A} hat das Gruppenbild entfernt.", f"picture {A}"),  # not the removal of "das Gruppenbild"
    (f"{A} hat zu {N} gewechselt", f"number {A}: {WRITTEN}"),
    ("Du bist jetzt Admin", "admin : <exporter>"),
    (f"{A} hat den Einladungslink dieser Gruppe zurückgesetzt.", f"link_reset {A}"),
    (f"{A} hat in den Gruppen-Einstellungen festgelegt, dass nur Admins schreiben.", f"settings {A}"),
    # French
    (f"{A} a retiré {B}", f"removed {A}: {B}"),
    (f"{B} est parti", f"left : {B}"),
    (f"{B} a quitté le groupe", f"left : {B}"),
    (f"{B} a rejoint le groupe via le lien d’invitation", f"joined : {B}"),
    (f"{A} a ajouté {B}, Carol et Dan", f"added {A}: {B}, Carol, Dan"),
    (f"{A} vous a ajouté(e)", f"added {A}: <exporter>"),
    (f"{A} a créé le groupe « Ward »", f"created {A}: Ward"),
    (f"{A} a changé le sujet de « Ward » à « Ward 7 »", f"subject {A}: Ward 7"),
    (f"{A} a changé la description du groupe", f"description {A}"),
    (f"{A} a supprimé l’icône du groupe", f"picture {A}"),
    ("Vous êtes désormais administrateur", "admin : <exporter>"),
    (f"{A} a réinitialisé le lien d'invitation de ce groupe", f"link_reset {A}"),
    (f"{A} a changé pour {N}", f"number {A}: {WRITTEN}"),
    (f"{A} a modifié les paramètres du groupe", f"settings {A}"),
    # Spanish
    (f"{A} eliminó a {B}", f"removed {A}: {B}"),
    (f"{A} eliminó a {B} del grupo", f"removed {A}: {B}"),
    (f"Eliminaste a {B}", f"removed <exporter>: {B}"),
    (f"{B} salió del grupo", f"left : {B}"),
    (f"{B} salió", f"left : {B}"),
    (f"{N} se unió usando el enlace de invitación de este grupo", f"joined : {WRITTEN}"),
    (f"{A} añadió a {B}, Carla y Dan", f"added {A}: {B}, Carla, Dan"),
    (f"Se añadió a {B}", f"added : {B}"),
    (f"{A} te añadió", f"added {A}: <exporter>"),
    (f'{A} creó el grupo "Ward"', f"created {A}: Ward"),
    (f'{A} cambió el asunto de "Ward" a "Ward 7"', f"subject {A}: Ward 7"),
    (f"{A} cambió la descripción del grupo", f"description {A}"),
    (f"{A} cambió a {N}", f"number {A}: {WRITTEN}"),
    ("Ahora eres admin. del grupo", "admin : <exporter>"),
    (f"{A} restableció el enlace de invitación de este grupo", f"link_reset {A}"),
    (f"{A} cambió los ajustes de este grupo", f"settings {A}"),
    # Portuguese
    (f"{A} removeu {B}", f"removed {A}: {B}"),
    (f"Você removeu {B}", f"removed <exporter>: {B}"),
    (f"{B} saiu", f"left : {B}"),
    (f"{B} saiu do grupo", f"left : {B}"),
    (f"{N} entrou usando o link de convite deste grupo", f"joined : {WRITTEN}"),
    (f"{A} adicionou {B}, Carla e Dan", f"added {A}: {B}, Carla, Dan"),
    (f'{A} criou o grupo "Ward"', f"created {A}: Ward"),
    (f'{A} mudou o nome de "Ward" para "Ward 7"', f"subject {A}: Ward 7"),
    (f"{A} mudou a descrição do grupo", f"description {A}"),
    (f"{A} removeu a imagem do grupo", f"picture {A}"),
    (f"{A} mudou para {N}", f"number {A}: {WRITTEN}"),
    ("Você agora é um admin", "admin : <exporter>"),
    (f"{A} redefiniu o link de convite deste grupo", f"link_reset {A}"),
    (f"{A} mudou as configurações deste grupo", f"settings {A}"),
    # Italian
    (f"{A} ha rimosso {B}", f"removed {A}: {B}"),
    (f"Hai rimosso {B}", f"removed <exporter>: {B}"),
    (f"{B} ha abbandonato", f"left : {B}"),
    (f"{B} è uscita", f"left : {B}"),
    (f"{N} è entrato usando il link d'invito al gruppo", f"joined : {WRITTEN}"),
    (f"{A} ha aggiunto {B}, Carla e Dan", f"added {A}: {B}, Carla, Dan"),
    (f"{A} ti ha aggiunto", f"added {A}: <exporter>"),
    (f"{B} è stato aggiunto", f"added : {B}"),
    (f"{A} ha creato il gruppo “Ward”", f"created {A}: Ward"),
    (f"{A} ha cambiato l'oggetto da “Ward” a “Ward 7”", f"subject {A}: Ward 7"),
    (f"{A} ha cambiato la descrizione del gruppo", f"description {A}"),
    (f"{A} ha cambiato numero in {N}", f"number {A}: {WRITTEN}"),
    (f"{P} è stato cambiato con {N}", f"number +447700900101: {WRITTEN}"),
    ("Ora sei un amministratore", "admin : <exporter>"),
    ("Hai revocato il link d'invito del gruppo", "link_reset <exporter>"),
    # Dutch
    (f"{A} heeft {B} verwijderd", f"removed {A}: {B}"),
    (f"{B} heeft de groep verlaten", f"left : {B}"),
    (f"{N} is deelnemer geworden via de uitnodigingslink van deze groep", f"joined : {WRITTEN}"),
    (f"{A} heeft {B}, Carol en Dan toegevoegd", f"added {A}: {B}, Carol, Dan"),
    ("Je bent toegevoegd", "added : <exporter>"),
    (f'{A} heeft de groep "Ward" gemaakt', f"created {A}: Ward"),
    (f"{A} heeft het onderwerp van “Ward” gewijzigd in “Ward 7”", f"subject {A}: Ward 7"),
    (f"{A} heeft de groepsbeschrijving gewijzigd", f"description {A}"),
    (f"{A} heeft de groepsafbeelding verwijderd", f"picture {A}"),
    ("Je bent nu beheerder", "admin : <exporter>"),
    # Arabic
    ("أزال سام عضو نور", "removed سام: نور"),
    ("غادر نور", "left : نور"),
    ("انضم نور باستخدام رابط المجموعة.", "joined : نور"),
    ("أضاف سام عضو نور", "added سام: نور"),
    ("تمت إضافة نور", "added : نور"),
    ('أنشأ سام المجموعة "جناح"', "created سام: جناح"),
    ('غيّر سام اسم المجموعة من "جناح" إلى "جناح ٧"', "subject سام: جناح ٧"),
    ("غيّر سام وصف المجموعة", "description سام"),
    # Hindi
    ("अमीना ने बॉब को हटाया", "removed अमीना: बॉब"),
    ("आपने बॉब को हटा दिया", "removed <exporter>: बॉब"),
    ("बॉब ने ग्रुप छोड़ दिया", "left : बॉब"),
    ("अमीना ने बॉब को जोड़ा", "added अमीना: बॉब"),
    ("अमीना ने आपको जोड़ा", "added अमीना: <exporter>"),
    # Turkish
    (f"{A}, {B} kişisini çıkardı", f"removed {A}: {B}"),
    (f"{B} kişisini çıkardınız", f"removed <exporter>: {B}"),
    (f"{B} ayrıldı", f"left : {B}"),
    (f"{B} gruptan ayrıldı", f"left : {B}"),
    (f"{A}, {B} kişisini ekledi", f"added {A}: {B}"),
    (f"{A} sizi ekledi", f"added {A}: <exporter>"),
    (f"{N} grup bağlantısı kullanarak katıldı.", f"joined : {WRITTEN}"),
    (f'{A}, "Ward" grubunu oluşturdu', f"created {A}: Ward"),
    (f"{A} grup açıklamasını değiştirdi", f"description {A}"),
    ("Artık yöneticisiniz", "admin : <exporter>"),
    # Polish
    (f"{A} usunął(-ęła) {B}", f"removed {A}: {B}"),
    (f"Usunięto {B}", f"removed : {B}"),
    (f"{B} opuścił(a) grupę", f"left : {B}"),
    (f"{N} dołączył(a) za pomocą linku z zaproszeniem do tej grupy", f"joined : {WRITTEN}"),
    (f"{A} dodał(a) {B}", f"added {A}: {B}"),
    (f"{A} utworzył(a) grupę „Ward”", f"created {A}: Ward"),
    (f"{A} zmienił(a) temat z „Ward” na „Ward 7”", f"subject {A}: Ward 7"),
]  # fmt: skip


@pytest.mark.parametrize("line, event", CASES, ids=range(len(CASES)))
def test_a_system_line_is_understood(line: str, event: str) -> None:
    assert brief(read(android(line)).events) == [event.strip(" :")]


@pytest.mark.parametrize(
    "line",
    [
        "Amina pinned a message",
        "Bob requested to join",
        "Your security code with Bob changed. Tap to learn more.",
        "Amina turned on disappearing messages. Tap to change.",
        "Voice call. 41 sec",
        "Amina changed to a new plan",  # no number
        "left",
        " left",
        "Amina removed ",
        "x" * 101 + " left",
    ],
)
def test_other_lines_give_nothing(line: str) -> None:
    assert read(android("Amina added Bob", line)).events == read(android("Amina added Bob")).events


@pytest.mark.parametrize(
    "line",
    [
        "Amina removed Bob left",  # Bob left, or who is called "Bob left"?
        "Amina removed Bob removed Carol",
        "Amina added Bob was added",
        'Amina changed the subject from "A" to "B" to "C"',
    ],
)
def test_a_line_that_can_be_read_in_two_ways_gives_nothing_and_is_counted(line: str) -> None:
    export = read(android(line))
    assert export.events == ()
    assert "two ways" in export.warnings[0]


def test_who_is_only_counted_is_not_named_and_it_says_so() -> None:
    export = read(android("Bob, and 3 others left", "Amina added Carol and 2 others"))
    assert brief(export.events) == ["left : Bob", "added Amina: Carol"]
    assert "only count people" in export.warnings[-1]


def test_a_name_with_an_and_in_it_is_not_two_leavers() -> None:
    """A list of strangers may be the name of one; a list of numbers or of people who write is one."""
    strangers = read(android("Amina removed Salt and Sons"))
    writers = read(android("Salt: hi", "Sons: hi", "Amina removed Salt and Sons"))
    numbers = read(android("Amina removed +44 7700 900101 and +44 7700 900102"))
    assert brief(strangers.events) == ["removed Amina: Salt and Sons"]
    assert brief(writers.events) == ["removed Amina: Salt, Sons"]
    assert brief(numbers.events) == ["removed Amina: +447700900101, +447700900102"]


def test_a_name_with_a_comma_is_one_person() -> None:
    assert brief(read(android("Amina added Nurse, Bob")).events) == ["added Amina: Nurse, Bob"]


def test_each_sentence_of_the_tables_reads_itself() -> None:
    fill = {"a": A, "b": B, "s": "Ward", "o": "Old", "n": N, "p": P, "x": " more"}
    wrong = []
    for _anchor, sentence in SENTENCES:
        texts = zip(sentence.texts, [*(fill[field] for field in sentence.fields), ""], strict=True)
        line = "".join(part for pair in texts for part in pair)
        kinds = {one.sentence.kind for one in said(line)}
        if kinds != {sentence.kind}:
            wrong.append(line)
    assert wrong == []
    assert len(LANGUAGES) == 11


@pytest.mark.parametrize("worst", [" removed ", '" to "', " and ", ", ", " left", '"', "ने ", "x"])
def test_a_line_of_the_worst_words_is_read_at_once(worst: str) -> None:
    def work(letters: int) -> None:
        for line in (
            worst * (letters // len(worst)),
            f"A{worst}" * (letters // 500),
            "A" + worst * (letters // 500),
        ):
            said(line)
            read(android(line))

    assert grows_evenly(work, 200_000)
