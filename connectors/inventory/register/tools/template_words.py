"""The template's texts in each language: the names of its sheets, its explanation, and its invented examples."""

from __future__ import annotations

from worker.domain.model import Role

SHEETS = {
    "en": ("Groups", "How to fill this in"),
    "ar": ("المجموعات", "طريقة التعبئة"),
    "de": ("Gruppen", "Anleitung"),
    "fr": ("Groupes", "Mode d'emploi"),
    "es": ("Grupos", "Instrucciones"),
    "pt": ("Grupos", "Instruções"),
}

SENTENCES = {
    "en": (
        (
            "One row for each member of each group. Repeat the group's name, or leave it empty "
            "below the first row."
        ),
        "Write phone numbers with the country code: +44 7700 900123.",
        "Role: member, admin or creator (who made the group). An empty cell is a member.",
        "A group without members: one row with the group's name only.",
        "Group ID: give each group any id that never changes; without one, a renamed group is a new group.",
        (
            "As of: the day on which you last compared the register with the groups. Correct it "
            "each time you do."
        ),
        "The columns from Purpose on are about the group, and may be left empty: fill them in on its first row.",
        "When somebody is removed from a group, delete the row here, set the date and save.",
        "Don't rename the headings. Further columns of your own are fine, and aren't used.",
    ),
    "ar": (
        "صف واحد لكل عضو في كل مجموعة. كرر اسم المجموعة، أو اتركه فارغا تحت الصف الأول.",
        "اكتب أرقام الهاتف مع رمز الدولة: ‎+44 7700 900123.",
        "الدور: عضو أو مشرف أو منشئ (من أنشأ المجموعة). الخلية الفارغة تعني عضوا.",
        "مجموعة بلا أعضاء: صف واحد فيه اسم المجموعة فقط.",
        "معرف المجموعة: أعط كل مجموعة معرفا لا يتغير؛ بدونه تصبح المجموعة مجموعة جديدة إذا تغير اسمها.",
        "بتاريخ: اليوم الذي قارنت فيه السجل بالمجموعات آخر مرة. صححه في كل مرة.",
        "الأعمدة من «الغرض» وما بعده عن المجموعة نفسها، ويمكن تركها فارغة: املأها في صفها الأول.",
        "عند إخراج شخص من مجموعة احذف صفه هنا، واكتب التاريخ، واحفظ الملف.",
        "لا تغير العناوين. يمكنك إضافة أعمدة أخرى، ولن تستخدم.",
    ),
    "de": (
        (
            "Eine Zeile für jedes Mitglied jeder Gruppe. Den Gruppennamen wiederholen oder unter "
            "der ersten Zeile frei lassen."
        ),
        "Telefonnummern mit Landesvorwahl schreiben: +44 7700 900123.",
        (
            "Rolle: Mitglied, Admin oder Ersteller (wer die Gruppe angelegt hat). Eine leere "
            "Zelle heißt Mitglied."
        ),
        "Eine Gruppe ohne Mitglieder: eine Zeile nur mit dem Gruppennamen.",
        "Gruppen-ID: eine beliebige, die sich nie ändert; ohne sie ist eine umbenannte Gruppe eine neue.",
        "Stand: der Tag, an dem das Register zuletzt mit den Gruppen verglichen wurde. Jedes Mal anpassen.",
        "Die Spalten ab „Zweck“ gelten der Gruppe und dürfen leer bleiben: in ihrer ersten Zeile ausfüllen.",
        "Wird jemand aus einer Gruppe entfernt: hier die Zeile löschen, das Datum setzen, speichern.",
        "Die Überschriften nicht umbenennen. Eigene weitere Spalten stören nicht und werden nicht benutzt.",
    ),
    "fr": (
        (
            "Une ligne par membre et par groupe. Répétez le nom du groupe ou laissez-le vide "
            "sous la première ligne."
        ),
        "Écrivez les numéros avec l'indicatif du pays : +44 7700 900123.",
        "Rôle : membre, administrateur ou créateur (qui a créé le groupe). Une cellule vide signifie membre.",
        "Un groupe sans membres : une ligne avec seulement le nom du groupe.",
        (
            "ID du groupe : un identifiant qui ne change jamais ; sans lui, un groupe renommé "
            "est un nouveau groupe."
        ),
        "Date du registre : le jour où vous l'avez comparé aux groupes. Corrigez-la chaque fois.",
        "Les colonnes à partir d'« Objet » concernent le groupe et sont facultatives : sur sa première ligne.",
        "Quand quelqu'un est retiré d'un groupe, supprimez sa ligne ici, mettez la date et enregistrez.",
        "Ne renommez pas les en-têtes. D'autres colonnes sont permises et ne sont pas utilisées.",
    ),
    "es": (
        (
            "Una fila por cada miembro de cada grupo. Repita el nombre del grupo o déjelo vacío "
            "bajo la primera fila."
        ),
        "Escriba los teléfonos con el prefijo del país: +44 7700 900123.",
        "Rol: miembro, administrador o creador (quien creó el grupo). Una celda vacía significa miembro.",
        "Un grupo sin miembros: una fila solo con el nombre del grupo.",
        "ID del grupo: un identificador que nunca cambie; sin él, un grupo renombrado es un grupo nuevo.",
        "Fecha del registro: el día en que lo comparó con los grupos. Corríjala cada vez.",
        "Las columnas desde «Finalidad» son del grupo y pueden quedar vacías: rellénelas en su primera fila.",
        "Cuando alguien salga de un grupo, borre aquí su fila, ponga la fecha y guarde.",
        "No cambie los encabezados. Puede añadir otras columnas; no se usan.",
    ),
    "pt": (
        (
            "Uma linha para cada membro de cada grupo. Repita o nome do grupo ou deixe-o vazio "
            "abaixo da primeira linha."
        ),
        "Escreva os telefones com o código do país: +44 7700 900123.",
        "Função: membro, administrador ou criador (quem criou o grupo). Uma célula vazia significa membro.",
        "Um grupo sem membros: uma linha só com o nome do grupo.",
        "ID do grupo: um identificador que nunca mude; sem ele, um grupo renomeado é um grupo novo.",
        "Data do registro: o dia em que o comparou com os grupos. Corrija-a cada vez.",
        "As colunas a partir de «Finalidade» são do grupo e podem ficar vazias: preencha-as na primeira linha.",
        "Quando alguém sair de um grupo, apague aqui a sua linha, ponha a data e salve.",
        "Não mude os títulos das colunas. Pode acrescentar outras; não são usadas.",
    ),
}

_NAMES = {
    "en": ("Ward 7 nights", "Amina Yusuf", "Sam Okafor"),
    "ar": ("مناوبة الجناح ٧", "أمينة يوسف", "سامي حداد"),
    "de": ("Station 7 Nacht", "Amina Yusuf", "Jürgen Groß"),
    "fr": ("Unité 7 nuit", "Amina Yusuf", "Hélène Garçon"),
    "es": ("Planta 7 noche", "Amina Yusuf", "Íñigo Muñoz"),
    "pt": ("Ala 7 noite", "Amina Yusuf", "João Conceição"),
}
EXAMPLES = {
    language: (
        (group, admin, "+447700900123", Role.ADMIN),
        ("", member, "+447700900124", Role.MEMBER),
    )
    for language, (group, admin, member) in _NAMES.items()
}
