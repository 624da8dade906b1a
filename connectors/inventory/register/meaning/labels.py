"""The words of our own registers and templates, in each language. The readers know these and many more."""

from __future__ import annotations

from connectors.inventory.register.config import Meaning
from worker.domain.model import RegisterStatus, Role

_ORDER = (
    Meaning.GROUP_NAME,
    Meaning.GROUP_ID,
    Meaning.MESSENGER,
    Meaning.OWNER_EMAIL,
    Meaning.MEMBER,
    Meaning.PHONE,
    Meaning.ROLE,
    Meaning.EMPLOYEE_ID,
    Meaning.EMAIL,
    Meaning.JOINED_ON,
    Meaning.AS_OF,
    Meaning.PURPOSE,
    Meaning.OWNER_DEPARTMENT,
    Meaning.DATA_CLASS,
    Meaning.SENSITIVE,
    Meaning.EXTERNALS_ALLOWED,
    Meaning.DESCRIPTION_OK,
    Meaning.PICTURE_OK,
    Meaning.APPROVAL,
    Meaning.CREATED_ON,
    Meaning.ENDS_ON,
    Meaning.STATUS,
    Meaning.REVIEW_DUE,
    Meaning.MOVE_TO,
    Meaning.CLOSED_ON,
)
_LINES = {
    "en": "Group name|Group ID|Messenger|Owner e-mail|Member name|Phone|Role|Employee ID|"
    "E-mail|Joined on|As of"
    "|Purpose|Owner department|Data class|Sensitive|Externals allowed|Description OK|Picture OK|Join approval"
    "|Created on|Ends on|Group status|Review due|Move to|Closed on",
    "ar": "اسم المجموعة|معرف المجموعة|المنصة|بريد المالك|اسم العضو|رقم الهاتف|الدور|رقم الموظف|"
    "البريد الإلكتروني"
    "|تاريخ الانضمام|بتاريخ"
    "|الغرض|القسم المسؤول|فئة البيانات|حساسة|يسمح بأعضاء خارجيين|الوصف سليم|الصورة سليمة|الموافقة على الأعضاء الجدد"
    "|تاريخ الإنشاء|تنتهي في|حالة المجموعة|المراجعة القادمة|تنتقل إلى|تاريخ الإغلاق",
    "de": "Gruppenname|Gruppen-ID|Messenger|Verantwortliche (E-Mail)|Name des Mitglieds|Telefonnummer|Rolle"
    "|Personalnummer|E-Mail|Beigetreten am|Stand"
    "|Zweck|Verantwortliche Abteilung|Datenklasse|Sensibel|Externe erlaubt|Beschreibung in Ordnung|Bild in Ordnung"
    "|Freigabe neuer Mitglieder|Erstellt am|Endet am|Gruppenstatus|Nächste Prüfung|Umzug nach|Geschlossen am",
    "fr": "Nom du groupe|ID du groupe|Messagerie|E-mail du responsable|Nom du membre|Téléphone|Rôle|Matricule"
    "|Adresse e-mail|Membre depuis|Date du registre"
    "|Objet|Service responsable|Classe de données|Sensible|Externes autorisés|Description conforme|Image conforme"
    "|Approbation des nouveaux membres|Créé le|Fin prévue|Statut du groupe|Prochaine revue|Migrer vers|Fermé le",
    "es": "Nombre del grupo|ID del grupo|Mensajería|Correo del responsable|Nombre del miembro|Teléfono|Rol"
    "|Número de empleado|Correo electrónico|Fecha de ingreso|Fecha del registro"
    "|Finalidad|Departamento responsable|Clase de datos|Sensible|Externos permitidos|Descripción correcta"
    "|Imagen correcta|Aprobación de nuevos miembros|Creado el|Fin previsto|Estado del grupo|Próxima revisión"
    "|Mover a|Cerrado el",
    "pt": "Nome do grupo|ID do grupo|Aplicativo|E-mail do responsável|Nome do membro|Telefone|Função"
    "|Número de funcionário|E-mail|Data de entrada|Data do registro"
    "|Finalidade|Departamento responsável|Classe de dados|Sensível|Externos permitidos|Descrição correta"
    "|Imagem correta|Aprovação de novos membros|Criado em|Fim previsto|Estado do grupo|Próxima revisão"
    "|Mover para|Encerrado em",
}
HEADINGS = {language: dict(zip(_ORDER, line.split("|"), strict=True)) for language, line in _LINES.items()}
LANGUAGES = tuple(HEADINGS)

_ROLES = (Role.MEMBER, Role.ADMIN, Role.CREATOR, Role.UNKNOWN)
ROLE_WORDS = {
    language: dict(zip(_ROLES, words, strict=True))
    for language, words in {
        "en": ("Member", "Admin", "Creator", "Unknown"),
        "ar": ("عضو", "مشرف", "منشئ", "غير معروف"),
        "de": ("Mitglied", "Admin", "Ersteller", "unbekannt"),
        "fr": ("Membre", "Administrateur", "Créateur", "inconnu"),
        "es": ("Miembro", "Administrador", "Creador", "desconocido"),
        "pt": ("Membro", "Administrador", "Criador", "desconhecido"),
    }.items()
}
YES_NO_WORDS = {
    "en": ("Yes", "No"),
    "ar": ("نعم", "لا"),
    "de": ("Ja", "Nein"),
    "fr": ("Oui", "Non"),
    "es": ("Sí", "No"),
    "pt": ("Sim", "Não"),
}
_STATUSES = (RegisterStatus.ACTIVE, RegisterStatus.CLOSED)
STATUS_WORDS = {
    language: dict(zip(_STATUSES, words, strict=True))
    for language, words in {
        "en": ("Active", "Closed"),
        "ar": ("نشطة", "مغلقة"),
        "de": ("Aktiv", "Geschlossen"),
        "fr": ("Actif", "Fermé"),
        "es": ("Activo", "Cerrado"),
        "pt": ("Ativo", "Encerrado"),
    }.items()
}
MESSENGER_WORDS = ("WhatsApp", "Signal", "Telegram", "Teams")


def label(language: str, meaning: Meaning) -> str:
    """Return a column's heading; English for a language that has none."""
    return HEADINGS.get(base(language), HEADINGS["en"])[meaning]


def base(language: str) -> str:
    """Return the language that we have words in: ``de`` for ``de-AT``, ``en`` for any other."""
    code = language.replace("_", "-").split("-", 1)[0].casefold()
    return code if code in HEADINGS else "en"
