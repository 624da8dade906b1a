"""The words of our own registers and templates, in each language. The readers know these and many more."""

from __future__ import annotations

from connectors.inventory.register.config import Meaning
from worker.domain.model import Role

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
)
_LINES = {
    "en": "Group name|Group ID|Messenger|Owner e-mail|Member name|Phone|Role|Employee ID|"
    "E-mail|Joined on|As of",
    "ar": "اسم المجموعة|معرف المجموعة|المنصة|بريد المالك|اسم العضو|رقم الهاتف|الدور|رقم الموظف|"
    "البريد الإلكتروني"
    "|تاريخ الانضمام|بتاريخ",
    "de": "Gruppenname|Gruppen-ID|Messenger|Verantwortliche (E-Mail)|Name des Mitglieds|Telefonnummer|Rolle"
    "|Personalnummer|E-Mail|Beigetreten am|Stand",
    "fr": "Nom du groupe|ID du groupe|Messagerie|E-mail du responsable|Nom du membre|Téléphone|Rôle|Matricule"
    "|Adresse e-mail|Membre depuis|Date du registre",
    "es": "Nombre del grupo|ID del grupo|Mensajería|Correo del responsable|Nombre del miembro|Teléfono|Rol"
    "|Número de empleado|Correo electrónico|Fecha de ingreso|Fecha del registro",
    "pt": "Nome do grupo|ID do grupo|Aplicativo|E-mail do responsável|Nome do membro|Telefone|Função"
    "|Número de funcionário|E-mail|Data de entrada|Data do registro",
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
MESSENGER_WORDS = ("WhatsApp", "Signal", "Telegram", "Teams")


def label(language: str, meaning: Meaning) -> str:
    """Return a column's heading; English for a language that has none."""
    return HEADINGS.get(base(language), HEADINGS["en"])[meaning]


def base(language: str) -> str:
    """Return the language that we have words in: ``de`` for ``de-AT``, ``en`` for any other."""
    code = language.replace("_", "-").split("-", 1)[0].casefold()
    return code if code in HEADINGS else "en"
