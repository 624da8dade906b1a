"""The vocabulary: headings, roles and labels in English, Arabic, German, French, Spanish and Portuguese.

Only tables, and the one normalisation that makes spellings comparable. A word that can mean two things is in none
of them: it is not guessed, but shown as unrecognised.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from connectors.inventory.register.config import Meaning
from connectors.kit.words import FALSE, TRUE
from worker.domain.model import RegisterStatus, Role

# Arabic is written with and without hamza, dots and vowel marks; these forms are the same word to a reader.
_ARABIC = str.maketrans(
    {"أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ة": "ه", "ؤ": "و", "ئ": "ي", "ـ": ""}
)
CACHED_MAX = 100  # letters: longer texts are rare, and must not fill the memory
_NOT_WORD = re.compile(r"[\W_]+")


def plain(text: str) -> str:
    """Return the text without case, accents, punctuation, invisible marks and Arabic letter variants."""
    return _plain(text) if len(text) <= CACHED_MAX else _plain.__wrapped__(text)


@lru_cache(maxsize=1 << 16)
def _plain(text: str) -> str:
    if text.isascii():
        return _NOT_WORD.sub(" ", text.casefold()).strip()
    folded = unicodedata.normalize("NFKC", text).translate(_ARABIC).casefold()
    letters = (
        character
        for character in unicodedata.normalize("NFD", folded)
        if unicodedata.category(character) not in {"Mn", "Cf"}
    )
    return _NOT_WORD.sub(" ", "".join(letters)).strip()


def _set(text: str) -> frozenset[str]:
    return frozenset(plain(word) for word in re.split(r"[,\n]", text) if word.strip())


HEADINGS: dict[Meaning, frozenset[str]] = {
    Meaning.GROUP_ID: _set("""
        group id, id of group, group identifier, group jid, jid, chat id, group number, group no
        معرف المجموعة, رقم المجموعة, رمز المجموعة
        gruppen id, gruppenid, gruppennummer, gruppen nr, gruppenkennung
        id du groupe, identifiant du groupe, numéro du groupe, numéro de groupe, n° du groupe
        id del grupo, id de grupo, identificador del grupo, número del grupo, número de grupo
        id do grupo, identificador do grupo, número do grupo"""),
    Meaning.GROUP_NAME: _set("""
        group name, name of group, name of the group, group, group title, chat group, group chat, chat
        chat name
        whatsapp group, whatsapp group name, group subject
        اسم المجموعة, المجموعة, مجموعة, اسم القروب, القروب, اسم الجروب, الجروب, مجموعة الواتساب
        اسم مجموعة الواتساب
        gruppenname, gruppe, name der gruppe, chatgruppe, whatsapp gruppe, gruppenbezeichnung
        nom du groupe, groupe, groupe de discussion, groupe whatsapp, intitulé du groupe
        nombre del grupo, nombre de grupo, grupo, grupo de whatsapp, nombre del chat
        nome do grupo, nome de grupo, grupo do whatsapp, nome da conversa"""),
    Meaning.MESSENGER: _set("""
        messenger, platform, app, messaging app, messaging platform, chat platform, chat app
        المنصة, منصة, التطبيق, تطبيق, تطبيق المراسلة, برنامج المراسلة
        plattform, messenger dienst, messengerdienst
        messagerie, plateforme, application, appli
        mensajería, plataforma, aplicación, aplicación de mensajería
        mensageiro, aplicativo, aplicação, aplicativo de mensagens"""),
    Meaning.OWNER_EMAIL: _set("""
        owner, owner email, owner e mail, owners email, owner s e mail, email of owner, e mail of the owner
        group owner, group owner email, business owner, business owner email, accountable person
        بريد المالك, البريد الالكتروني للمالك, بريد مالك المجموعة, بريد المسؤول, البريد الالكتروني للمسؤول
        e mail verantwortliche, e mail verantwortlicher, verantwortliche e mail, verantwortlich e mail
        verantwortlich
        verantwortliche person, e mail der verantwortlichen person, eigentümer e mail, eigentümer
        e mail du responsable, courriel du responsable, responsable du groupe, responsable
        correo del responsable, email del responsable, correo electrónico del responsable
        responsable del grupo
        e mail do responsável, email do responsável, correio do responsável, responsável do grupo
        responsável"""),
    Meaning.JOIN_LINK: _set("""
        join link, invite link, invitation link, group link, group invite link, link to join, link to the group
        رابط الانضمام, رابط الدعوة, رابط المجموعة
        beitrittslink, einladungslink, gruppenlink, link zur gruppe, link zum beitreten
        lien d invitation, lien du groupe, lien pour rejoindre, lien d adhésion
        enlace de invitación, enlace del grupo, enlace para unirse
        link de convite, link do grupo, link para entrar, ligação de convite"""),
    Meaning.MEMBER: _set("""
        member name, name of member, name of the member, member, participant, participant name, full name
        employee name, staff name, employee, display name, contact name, members name
        اسم العضو, العضو, عضو, اسم المشارك, المشارك, اسم الموظف, الموظف, الاسم الكامل, اسم المستخدم
        mitglied, name des mitglieds, mitgliedsname, teilnehmer, teilnehmername, name des teilnehmers
        mitarbeiter, mitarbeitername, teilnehmer in, mitarbeiter in, vollständiger name, anzeigename
        nom du membre, membre, nom du participant, nom complet, nom et prénom, nom prénom, nom de l employé
        nombre del miembro, miembro, nombre del participante, participante, nombre completo
        nombre y apellidos
        nombre del empleado, empleado
        nome do membro, membro, nome do participante, nome completo, nome do funcionário, funcionário
        nome do colaborador
        members, group members, participants, list of members, member list, list of participants
        الأعضاء, أعضاء, اعضاء المجموعة, المشاركون, المشاركين, قائمة الأعضاء
        mitglieder, gruppenmitglieder, teilnehmerliste, mitgliederliste
        membres, membres du groupe, liste des membres, liste des participants
        miembros, miembros del grupo, participantes, lista de miembros, lista de participantes
        membros, membros do grupo, lista de membros"""),
    Meaning.PHONE: _set("""
        phone, phone number, phone no, telephone, telephone number, tel, tel no, mobile, mobile number
        mobile no
        mobile phone, cell, cell phone, cell number, cellphone, whatsapp number, whatsapp no, whatsapp
        contact number
        work phone, work mobile, private phone, private mobile, second phone, other phone, phone 1
        phone 2, mobile 1, mobile 2
        رقم الهاتف, الهاتف, هاتف, رقم الجوال, الجوال, جوال, رقم الموبايل, الموبايل, موبايل, رقم الواتساب
        رقم واتساب
        واتساب, الواتساب, رقم المحمول, المحمول, رقم الهاتف المحمول, تلفون, رقم التلفون
        telefon, telefonnummer, rufnummer, tel nr, mobil, mobilnummer, mobiltelefon, handy, handynummer
        handy nr
        whatsapp nummer, mobilfunknummer, diensthandy
        téléphone, numéro de téléphone, n° de téléphone, tél, portable, numéro de portable
        téléphone portable
        téléphone mobile, numéro de mobile, gsm, numéro whatsapp
        teléfono, número de teléfono, móvil, teléfono móvil, número de móvil, celular, número de celular
        número de whatsapp, teléfono celular
        telefone, número de telefone, telemóvel, número de telemóvel, número do whatsapp, número de celular
        telefone celular"""),
    Meaning.ROLE: _set("""
        role, role in group, group role, member role, role in the group
        الدور, دور, دور العضو, الدور في المجموعة, الصلاحية
        rolle, rolle in der gruppe, gruppenrolle
        rôle, rôle dans le groupe
        rol, rol en el grupo
        função, papel, função no grupo, papel no grupo"""),
    Meaning.ADMINS: _set("""
        admin, admins, group admin, group admins, administrator, administrators, is admin, admin y n
        admin yes no
        name of admin, admin name
        المشرف, المشرفون, المشرفين, مشرف, مشرف المجموعة, مشرفو المجموعة, مشرفين, ادمن, الادمن, اسم المشرف
        administratoren, gruppenadmin, gruppenadmins, administratorin, administrator in
        gruppenadministrator
        administrateur, administrateurs, administratrice, administrateur du groupe
        administrateurs du groupe
        administrador, administradores, administradora, administrador del grupo, administradores del grupo
        administrador do grupo, administradores do grupo"""),
    Meaning.CREATOR: _set("""
        creator, group creator, created by, creator of the group, founder, superadmin, super admin
        is creator
        منشئ المجموعة, منشئ, المنشئ, أنشأها, مؤسس المجموعة
        ersteller, ersteller in, erstellerin, erstellt von, gruppenersteller, gründer
        créateur, créatrice, créateur du groupe, créé par, fondateur
        creador, creadora, creador del grupo, creado por, fundador
        criador, criadora, criador do grupo, criado por"""),
    Meaning.EMPLOYEE_ID: _set("""
        employee id, employee number, employee no, staff id, staff number, staff no, personnel number
        personnel no
        payroll number, emp id, emp no
        رقم الموظف, الرقم الوظيفي, رقم الموظفة, معرف الموظف
        personalnummer, personal nr, mitarbeiternummer, mitarbeiter nr, mitarbeiter id
        matricule, numéro d employé, n° d employé, identifiant employé, numéro de salarié
        número de empleado, id de empleado, id empleado, legajo, n° de empleado
        número de funcionário, matrícula, número do funcionário, id do funcionário
        número de colaborador"""),
    Meaning.EMAIL: _set("""
        email, e mail, mail, email address, e mail address, member email, member e mail, work email
        work e mail
        البريد الالكتروني, بريد الكتروني, الايميل, ايميل, البريد, بريد العضو
        e mail adresse, email adresse, mailadresse, e mail des mitglieds
        courriel, adresse e mail, adresse email, adresse mail, adresse électronique, e mail du membre
        correo, correo electrónico, dirección de correo, correo del miembro
        correio eletrónico, correio eletrônico, endereço de e mail, endereço de email, e mail do membro"""),
    Meaning.JOINED_ON: _set("""
        joined on, joined, date joined, join date, joining date, member since, added on, date added
        تاريخ الانضمام, انضم في, تاريخ الاضافة, عضو منذ
        beigetreten am, beitrittsdatum, mitglied seit, hinzugefügt am, beitritt, dabei seit
        date d adhésion, date d entrée, membre depuis, ajouté le, arrivé le, date d ajout
        fecha de ingreso, fecha de incorporación, miembro desde, fecha de alta, agregado el, añadido el
        data de entrada, data de adesão, membro desde, adicionado em, entrou em, data de ingresso"""),
    Meaning.AS_OF: _set("""
        as of, as at, register date, date of register, date of the register, checked on, last checked
        last roster check
        بتاريخ, تاريخ السجل, تاريخ التحديث, آخر تحديث, تاريخ المراجعة
        stand, stand vom, stand per, geprüft am, zuletzt geprüft
        date du registre, à jour au, état au, vérifié le, situation au
        fecha del registro, a fecha de, actualizado el, comprobado el, verificado el
        data do registo, data do registro, atualizado em, actualizado em, verificado em"""),
    Meaning.PURPOSE: _set("""
        purpose, purpose of the group, purpose of group, group purpose, what it is for
        الغرض, غرض المجموعة, الغرض من المجموعة, الهدف, هدف المجموعة
        zweck, zweck der gruppe, gruppenzweck, verwendungszweck
        objet, objet du groupe, but du groupe, finalité, finalité du groupe, objectif, objectif du groupe
        propósito, propósito del grupo, finalidad, finalidad del grupo, objetivo, objetivo del grupo
        finalidade, finalidade do grupo, propósito do grupo, objetivo do grupo"""),
    Meaning.OWNER_DEPARTMENT: _set("""
        owner department, owner s department, owners department, owning department, department of the owner
        responsible department, department responsible, group department, department of the group
        قسم المالك, إدارة المالك, القسم المسؤول, الإدارة المسؤولة, قسم المجموعة
        verantwortliche abteilung, abteilung verantwortlich, zuständige abteilung, abteilung der gruppe
        abteilung des verantwortlichen, abteilung der verantwortlichen person, abteilung der verantwortlichen
        abteilung des eigentümers, abteilung der eigentümerin, eigentümer abteilung, eigentümerabteilung
        service responsable, département responsable, service du responsable, département du responsable
        service du propriétaire, département du propriétaire
        departamento responsable, departamento del responsable, área responsable, departamento del grupo
        departamento del propietario, departamento do proprietário
        departamento responsável, departamento do responsável, setor responsável, departamento do grupo"""),
    Meaning.DATA_CLASS: _set("""
        data class, class of data, data classification, classification, classification of data
        information class, information classification
        فئة البيانات, تصنيف البيانات, التصنيف, تصنيف المعلومات
        datenklasse, klasse der daten, klassifizierung, klassifikation, datenklassifizierung, informationsklasse
        classe de données, classe des données, classification des données, classification de l information
        clase de datos, clasificación, clasificación de los datos, clasificación de datos
        clasificación de la información
        classe de dados, classe dos dados, classificação, classificação dos dados, classificação de dados
        classificação da informação"""),
    Meaning.SENSITIVE: _set("""
        sensitive, is sensitive, sensitive group, sensitive data, sensitive y n, sensitive yes no
        حساسة, حساس, مجموعة حساسة, بيانات حساسة
        sensibel, sensible gruppe, sensible daten, schutzbedürftig
        sensible, groupe sensible, données sensibles
        grupo sensible, datos sensibles
        sensível, grupo sensível, dados sensíveis"""),
    Meaning.EXTERNALS_ALLOWED: _set("""
        externals allowed, external members allowed, external people allowed, guests allowed, outsiders allowed
        يسمح بخارجيين, يسمح بأعضاء خارجيين, الأعضاء الخارجيون مسموحون, السماح بأعضاء خارجيين
        externe erlaubt, externe zugelassen, externe mitglieder erlaubt, externe mitglieder zugelassen
        externes autorisés, externes admis, membres externes autorisés, membres externes admis
        externos permitidos, miembros externos permitidos, se permiten externos
        membros externos permitidos, permite externos, externos autorizados"""),
    Meaning.DESCRIPTION_OK: _set("""
        description ok, description right, rules in description, rules in the description
        conduct rules in description, conduct rules in the description
        الوصف سليم, القواعد في الوصف
        beschreibung ok, beschreibung in ordnung, regeln in beschreibung, regeln in der beschreibung
        description conforme, description en ordre, règles dans la description
        descripción ok, descripción correcta, normas en la descripción, reglas en la descripción
        descrição ok, descrição correta, regras na descrição"""),
    Meaning.PICTURE_OK: _set("""
        picture ok, picture right, picture standard met, group picture ok, photo ok, icon ok
        الصورة سليمة, صورة المجموعة سليمة
        bild ok, bild in ordnung, gruppenbild ok, gruppenbild in ordnung
        image ok, image conforme, photo conforme
        imagen ok, imagen correcta, foto ok, foto correcta
        imagem ok, imagem correta, foto correta"""),
    Meaning.APPROVAL: _set("""
        approval, join approval, approval to join, approve new members, approval of new members
        new members need approval, admin approval
        الموافقة, الموافقة على الأعضاء الجدد, موافقة المشرف
        freigabe, beitritt nur mit freigabe, freigabe neuer mitglieder, neue mitglieder freigeben
        approbation, approbation des nouveaux membres, approbation des membres
        aprobación, aprobación de nuevos miembros, aprobación de miembros
        aprovação, aprovação de novos membros, aprovação de membros"""),
    Meaning.CREATED_ON: _set("""
        created on, created, date created, creation date, group created, group created on, group start date
        تاريخ الإنشاء, أنشئت في, تاريخ إنشاء المجموعة
        erstellt am, angelegt am, erstellungsdatum, gruppe erstellt am, gegründet am
        créé le, date de création, groupe créé le
        creado el, fecha de creación, grupo creado el
        criado em, data de criação, grupo criado em"""),
    Meaning.ENDS_ON: _set("""
        ends on, group ends on, group end date, end of the group, planned end, runs until
        تنتهي في, تاريخ انتهاء المجموعة, تاريخ الانتهاء
        endet am, gruppe endet am, läuft bis, geplantes ende, ende der gruppe
        se termine le, fin du groupe, fin prévue, date de fin prévue
        termina el, fin del grupo, fin previsto, fecha de fin prevista
        termina em, fim do grupo, fim previsto, data de fim prevista"""),
    Meaning.STATUS: _set("""
        status, group status, status of the group, state of the group
        الحالة, حالة المجموعة
        gruppenstatus, status der gruppe, zustand der gruppe
        statut, statut du groupe, état du groupe
        estado, estado del grupo
        situação, situação do grupo, estado do grupo, status do grupo"""),
    Meaning.REVIEW_DUE: _set("""
        review due, review due on, next review, next review on, next review due, due for review, review by
        المراجعة القادمة, موعد المراجعة القادمة, تاريخ المراجعة القادمة
        prüfung fällig, prüfung fällig am, nächste prüfung, überprüfung fällig, überprüfung fällig am
        nächste überprüfung
        revue prévue, revue prévue le, prochaine revue, prochaine révision, révision prévue le
        próxima revisión, revisión prevista, revisión prevista el, fecha de próxima revisión
        próxima revisão, revisão prevista, revisão prevista em, data da próxima revisão"""),
    Meaning.MOVE_TO: _set("""
        move to, moves to, moving to, to be moved to, migrate to, migrates to
        تنتقل إلى, تنقل إلى, الانتقال إلى
        zieht um nach, umzug nach, wechselt zu, wechsel zu
        à déplacer vers, déplacer vers, migre vers, migrer vers, passe à
        mover a, pasa a, migrar a, se traslada a
        mover para, passa para, migrar para"""),
    Meaning.CLOSED_ON: _set("""
        closed on, group closed on, date closed, closing date, closure date
        أغلقت في, تاريخ الإغلاق, تاريخ إغلاق المجموعة
        geschlossen am, gruppe geschlossen am, aufgelöst am, datum der schließung
        fermé le, clôturé le, date de fermeture, date de clôture
        cerrado el, fecha de cierre
        encerrado em, fechado em, data de encerramento"""),
    # Only ours: another column of days on which something was verified is somebody else's
    Meaning.VERIFIED_ON: _set("verified on (whosleft)"),
}

# A cell of this kind holds several members, unless the row has one phone number of its own.
LIST_HEADINGS = _set("""
    members, group members, participants, list of members, member list, list of participants
    الأعضاء, أعضاء, اعضاء المجموعة, المشاركون, المشاركين, قائمة الأعضاء
    mitglieder, gruppenmitglieder, teilnehmerliste, mitgliederliste
    membres, membres du groupe, liste des membres, liste des participants
    miembros, miembros del grupo, participantes, lista de miembros, lista de participantes
    membros, membros do grupo, lista de membros""")

# "Name" alone is the member's if another column is the group's, and the group's if another is the member's.
NAME_HEADINGS = _set("name, names, اسم, الاسم, nom, nombre, nome, bezeichnung")

# A heading of nothing but these may be a name's, or a part of one, though it is not recognised: "Last name".
NAME_WORDS = _set("""
    name, names, first, last, given, family, middle, maiden, preferred, surname, forename, firstname, lastname
    nickname, full, person, people, who, staff, member, members, participant, employee, employees, user
    colleague, colleagues, worker, nurse, s, of, the, and, or
    اسم, الاسم, الاول, الاخير, اللقب, لقب, العائلة, الشهرة, الشخص, الزميل, العضو, الموظف, المشارك
    vorname, vornamen, nachname, nachnamen, familienname, zuname, rufname, personen, wer, kollege, kollegin
    kolleginnen, kollegen, mitarbeiter, mitarbeiterin, mitarbeiters, mitarbeitende, mitglied, mitglieds
    teilnehmer, teilnehmers, in, der, des, und, oder
    nom, noms, prénom, prénoms, famille, usage, naissance, personne, personnes, collègue, collègues, agent
    salarié, salariée, employé, employée, membre, participant, de, d, du, l, la, le, et, ou
    nombre, nombres, apellido, apellidos, primer, segundo, pila, familia, persona, personas, compañero, compañera
    trabajador, trabajadora, empleado, empleada, miembro, participante, del, el, y, o
    nome, nomes, sobrenome, sobrenomes, apelido, apelidos, primeiro, último, família, próprio, pessoa, pessoas
    colega, colegas, trabalhador, trabalhadora, funcionário, colaborador, membro, da, do, e, ou""")

# Of several phone columns, the first of these with a readable number is the chat group's.
PHONE_FIRST = _set("""
    whatsapp number, whatsapp no, whatsapp, رقم الواتساب, رقم واتساب, واتساب, الواتساب
    whatsapp nummer, numéro whatsapp, número de whatsapp, número do whatsapp""")
PHONE_SECOND = _set("""
    mobile, mobile number, mobile no, mobile phone, mobile 1, work mobile, cell, cell phone, cell number
    cellphone
    رقم الجوال, الجوال, جوال, رقم الموبايل, الموبايل, موبايل, رقم المحمول, المحمول, رقم الهاتف المحمول
    mobil, mobilnummer, mobiltelefon, handy, handynummer, handy nr, mobilfunknummer, diensthandy
    portable, numéro de portable, téléphone portable, téléphone mobile, numéro de mobile, gsm
    móvil, teléfono móvil, número de móvil, celular, número de celular, teléfono celular
    telemóvel, número de telemóvel, telefone celular""")

# Labels beside the date of the whole register; more words than for headings, since the place makes them clear.
AS_OF_LABELS = HEADINGS[Meaning.AS_OF] | _set("""
    date, updated, last updated, updated on, status as of, تاريخ, التاريخ, datum, aktualisiert am
    date de mise à jour
    mis à jour le, fecha, actualizado, última actualización, data, atualizado, última atualização""")

ROLES: dict[str, Role] = {
    **dict.fromkeys(
        _set("""
        member, participant, user, group member, عضو, عضوة, مشارك, مشاركة, mitglied, teilnehmer
        teilnehmerin
        teilnehmer in, membre, participante, miembro, membro"""),
        Role.MEMBER,
    ),
    **dict.fromkeys(
        _set("""
        admin, admins, administrator, administrators, group admin, co admin, مشرف, مشرفة, مدير, مديرة
        ادمن, مسؤول, مسؤولة
        مشرف المجموعة, مدير المجموعة, administratorin, administrator in, gruppenadmin, admin in
        administrateur
        administratrice, administrateur trice, administrador, administradora, administrador a"""),
        Role.ADMIN,
    ),
    **dict.fromkeys(
        _set("""
        creator, owner, group owner, group creator, superadmin, super admin, founder, منشئ, منشئة, مالك
        مالكة, مؤسس
        منشئ المجموعة, مالك المجموعة, ersteller, erstellerin, ersteller in, gründer, gründerin, gründer in
        eigentümer
        eigentümerin, créateur, créatrice, propriétaire, fondateur, fondatrice, creador, creadora
        propietario
        propietaria, fundador, fundadora, criador, criadora, proprietário, proprietária, dono, dona"""),
        Role.CREATOR,
    ),
    **dict.fromkeys(
        _set("unknown, not known, غير معروف, unbekannt, inconnu, inconnue, desconocido, desconhecido"),
        Role.UNKNOWN,
    ),
}

STATUSES: dict[str, RegisterStatus] = {
    **dict.fromkeys(
        _set("""
        active, in use, open, live, نشطة, نشط, مفتوحة, مستخدمة, قيد الاستخدام
        aktiv, in benutzung, in gebrauch, offen, actif, en usage, en service, ouvert, ouverte
        activo, activa, en uso, abierto, abierta, ativo, ativa, em uso, aberto, aberta"""),
        RegisterStatus.ACTIVE,
    ),
    **dict.fromkeys(
        _set("""
        closed, closed down, archived, deleted, مغلقة, مغلق, مؤرشفة, محذوفة
        geschlossen, archiviert, aufgelöst, gelöscht
        fermé, fermée, clos, clôturé, clôturée, archivé, archivée, supprimé, supprimée
        cerrado, cerrada, archivado, archivada, eliminado, eliminada
        fechado, fechada, encerrado, encerrada, arquivado, arquivada, excluído, excluída"""),
        RegisterStatus.CLOSED,
    ),
}

# Signs that people tick a box with, besides the words that are certain everywhere
YES = frozenset(map(plain, TRUE)) | _set("x, j, o, s")
YES_MARKS = frozenset("✓✔☑✅√")
NO = frozenset(map(plain, FALSE))
NO_MARKS = frozenset("✗✘☐❌-–—")
UNDECIDED_MARKS = frozenset("☐-–—")  # neither yes nor no, where that makes a difference
NOTHING = _set("""
    n a, na, none, nil, unknown, not known, no phone, لا يوجد, غير معروف, لا شيء, keine, kein, k a
    entfällt, unbekannt
    aucun, aucune, néant, inconnu, ninguno, ninguna, no tiene, desconocido, nenhum, nenhuma, não tem
    desconhecido""")
TOTALS = _set("""
    total, totals, sum, grand total, subtotal, count, المجموع, الإجمالي, المجموع الكلي, العدد, gesamt, summe
    gesamtsumme, anzahl, insgesamt, somme, nombre total, total général, sous total, suma, total general
    cantidad
    soma, total geral, quantidade""")
NAMES_TOO = _set("suma, soma, sum")  # of these words, people are called so

MESSENGERS = {
    word: key
    for key, words in {
        "whatsapp": "whatsapp, whats app, wa, whatsapp business, واتساب, واتس اب, الواتساب, واتس",
        "telegram": "telegram, تيليجرام, تلجرام, تيليغرام",
        "signal": "signal, سيجنال",
        "teams": "teams, ms teams, microsoft teams, تيمز",
        "slack": "slack, سلاك",
        "matrix": "matrix, element",
        "xmpp": "xmpp, jabber",
    }.items()
    for word in _set(words)
}

# An explanation sheet carries this text in its first cell, in every language, and is not read.
EXPLANATION_MARK = "whosleft: this sheet is not read"
