"""The sentences of system lines, by language. Only tables.

`{a}` acts, `{b}` is whom it is about, `{s}` a new group name, `{o}` the old one, `{n}` a new number, `{p}` the old one,
`{x}` anything. `<x|y>` are alternatives. `@a` or `@b` after the kind: the sentence says "you" for it by its verb alone.
English, Spanish, Portuguese, German, Italian, Dutch and Turkish were seen in public exports or in programs that read
them; French, Arabic, Hindi and Polish are less sure. A wrong one matches nothing.
"""

from __future__ import annotations

ENGLISH = """
removed: {a} removed {b}
removed: {b} <was|were> removed
left: {b} left
left: {b} left the group
joined: {b} joined using <this group's|this community's|your|an|the> invite<| link>
joined: {b} joined using a group link
joined: {b} joined <from the community|via invite link|via an invite link>
joined: {b} joined
added: {a} added {b}
added: {b} <was|were> added
created: {a} created <group|the group|this group> "{s}"
created: {a} created this group
subject: {a} changed the <subject|group name> <from "{o}" to "{s}"|to "{s}">
description: {a} <changed|deleted> the <group description|description>
picture: {a} <changed|deleted> <this group's|the group> icon
number: {a} changed to {n}
number: {a} changed their phone number<| to a new number>{x}
number: {a}'s number was changed from {p} to {n}
admin@b: You<'re| are> now an admin
no_admin@b: You<'re| are> no longer an admin
link_reset: {a} <revoked|reset> <this group's|the group> invite link
settings: {a} changed <this group's settings|the settings|the group settings>{x}
settings: {a} turned <on|off> admin approval to join this group{x}
"""
GERMAN = """
removed: {a} <hat|hast> {b} <entfernt|aus der Gruppe entfernt>
removed: {b} <wurde|wurdest|wurden> entfernt
left: {b} <hat|hast|haben> die Gruppe verlassen
joined: {b} <ist|bist|sind> <der|dieser> Gruppe<| mit dem Einladungslink| über den Einladungslink> beigetreten
joined: {b} <ist|bist> <über den|mit dem> <Einladungslink|Gruppenlink><| der Gruppe| dieser Gruppe> beigetreten
added: {a} <hat|hast> {b} hinzugefügt
added: {b} <wurde|wurdest|wurden> hinzugefügt
created: {a} <hat|hast> die Gruppe "{s}" erstellt
created: {a} <hat|hast> <diese|die> Gruppe erstellt
subject: {a} <hat|hast> den <Betreff|Gruppennamen> <von "{o}" zu|zu|in|von "{o}" in> "{s}" geändert
description: {a} <hat|hast> die Gruppenbeschreibung <geändert|gelöscht>
picture: {a} <hat|hast> das Gruppenbild <geändert|gelöscht|entfernt>
number: {a} <hat|ist> zu {n} gewechselt
number: {a} hat <die|ihre|seine> Telefonnummer <gewechselt|geändert>{x}
number: {a} hat eine neue Telefonnummer{x}
admin@b: Du bist jetzt <Admin|ein Admin|Gruppenadmin>
no_admin@b: Du bist kein <Admin|Gruppenadmin> mehr
link_reset: {a} <hat|hast> den Einladungslink <der|dieser> Gruppe zurückgesetzt
settings: {a} <hat|hast> in den <Gruppen-Einstellungen|Gruppeneinstellungen> festgelegt,{x}
settings: {a} <hat|hast> die <Einstellungen dieser Gruppe|Gruppeneinstellungen>{x}
"""
FRENCH = """
removed: {a} <a|avez> <retiré|supprimé|exclu> {b}
removed: {b} <a|avez|ont> été <retiré|retirée|retirés|retiré(e)|supprimé|exclu>
removed@b: {a} vous a <retiré|retirée|retiré(e)|supprimé|exclu>
left: {b} est <parti|partie|parti(e)>
left: {b} <a|avez> quitté<| le groupe>
joined: {b} <a|avez> rejoint <le|ce> groupe <via le|avec le|en utilisant le|à l'aide du> lien d'invitation
joined: {b} <a|avez> rejoint le groupe <via|avec|en utilisant> le lien d'invitation <de ce|du> groupe
joined: {b} <a|avez> rejoint <via|avec|en utilisant> le lien d'invitation <de ce|du> groupe
joined: {b} <a|avez> rejoint <le groupe|ce groupe|depuis la communauté>
added: {a} <a|avez> ajouté {b}
added: {b} <a|avez|ont> été <ajouté|ajoutée|ajoutés|ajouté(e)>
added@b: {a} vous a <ajouté|ajoutée|ajouté(e)>
created: {a} <a|avez> créé le groupe "{s}"
created: {a} <a|avez> créé ce groupe
subject: {a} <a|avez> <changé|modifié> le <sujet|nom du groupe> <de "{o}" à|en|pour|de "{o}" en> "{s}"
description: {a} <a|avez> <changé|modifié|supprimé> la description <du|de ce> groupe
picture: {a} <a|avez> <changé|modifié|supprimé> <l'icône|l'image|la photo> <du|de ce> groupe
number: {a} est <passé|passée> au {n}
number: {a} a changé <pour|de numéro pour|son numéro pour> {n}
number: {a} a changé <de|son> numéro de téléphone{x}
admin@b: Vous êtes <désormais|maintenant> <admin|un admin|administrateur|administratrice>
no_admin@b: Vous n'êtes plus <admin|un admin|administrateur|administratrice>
link_reset: {a} <a|avez> <réinitialisé|révoqué> le lien d'invitation <du|de ce> groupe
settings: {a} <a|avez> <changé|modifié> les paramètres <du|de ce> groupe{x}
"""
SPANISH = """
removed: {a} <eliminó|sacó|expulsó> a {b}<| del grupo>
removed@a: <Eliminaste|Sacaste|Expulsaste> a {b}<| del grupo>
removed@b: {a} te <eliminó|sacó|expulsó>
removed: Se <eliminó|sacó|expulsó> a {b}
removed: {b} fue <eliminado|eliminada|expulsado|expulsada>
left: {b} <salió|ha salido><| del grupo>
left: {b} abandonó el grupo
left@b: Saliste<| del grupo>
joined: {b} se <unió|ha unido> <usando|mediante|con> el enlace de invitación<| de este grupo| del grupo>
joined@b: Te uniste <usando|mediante|con> el enlace de invitación<| de este grupo| del grupo>
joined: {b} se unió<| desde la comunidad>
joined@b: Te uniste<| desde la comunidad>
added: {a} <añadió|agregó|ha añadido> a {b}
added@a: <Añadiste|Agregaste> a {b}
added@b: {a} te <añadió|agregó|ha añadido>
added: Se <añadió|agregó> a {b}
added@b: Se te <añadió|agregó>
added: {b} fue <añadido|añadida|agregado|agregada>
created: {a} <creó|ha creado> el grupo "{s}"
created@a: Creaste el grupo "{s}"
created: {a} <creó|ha creado> este grupo
created@a: Creaste este grupo
subject: {a} <cambió|ha cambiado> el <asunto|asunto del grupo|nombre del grupo> <de "{o}" a|a> "{s}"
subject@a: Cambiaste el <asunto|asunto del grupo|nombre del grupo> <de "{o}" a|a> "{s}"
description: {a} <cambió|eliminó> la descripción <del|de este> grupo
description@a: <Cambiaste|Eliminaste> la descripción <del|de este> grupo
picture: {a} <cambió|eliminó> <el ícono|el icono|la foto|la imagen> <del|de este> grupo
picture@a: <Cambiaste|Eliminaste> <el ícono|el icono|la foto|la imagen> <del|de este> grupo
number: {a} cambió <a|su número a> {n}
number: {a} cambió <su|de> número de teléfono{x}
admin@b: Ahora eres <admin|admin. del grupo|administrador|administradora|administrador del grupo>
no_admin@b: Ya no eres <admin|admin. del grupo|administrador|administradora|administrador del grupo>
link_reset: {a} <restableció|anuló|revocó> el enlace de invitación <del|de este> grupo
link_reset@a: <Restableciste|Anulaste|Revocaste> el enlace de invitación <del|de este> grupo
settings: {a} cambió <los ajustes|la configuración> <del|de este> grupo{x}
settings@a: Cambiaste <los ajustes|la configuración> <del|de este> grupo{x}
"""
PORTUGUESE = """
removed: {a} removeu {b}
removed@b: {a} <te removeu|removeu-te>
removed: {b} foi <removido|removida|removido(a)>
left: {b} <saiu|saíram><| do grupo>
joined: {b} entrou usando o link de convite<| deste grupo| do grupo>
joined: {b} <aderiu através da|aderiu ao utilizar a|entrou através da|entrou com a> ligação de convite <deste|do> grupo
joined: {b} entrou<| neste grupo> <através|a partir> da comunidade
joined: {b} entrou
added: {a} adicionou {b}
added@b: {a} <te adicionou|adicionou-te>
added: {b} foi <adicionado|adicionada|adicionado(a)>
created: {a} criou <o grupo|grupo|este grupo> "{s}"
created: {a} criou este grupo
subject: {a} <mudou|alterou> o <nome|assunto|nome do grupo|assunto do grupo> <de "{o}" para|para> "{s}"
description: {a} <mudou|alterou|apagou> a descrição <do|deste> grupo
picture: {a} <mudou|alterou|apagou|removeu> <a imagem|o ícone|a foto> <do|deste> grupo
number: {a} mudou <para|de número para> {n}
number: {a} <mudou|alterou> <seu|o seu|de> número de telefone{x}
number: {a} <mudou|alterou> <seu|o seu|de> <telefone|número>{x}
admin@b: Você agora é <admin|um admin|administrador|um administrador>
admin@b: Agora você é <admin|um admin|administrador|um administrador>
no_admin@b: Você não é mais <admin|um admin|administrador|um administrador>
link_reset: {a} <redefiniu|revogou|repôs> <o link|a ligação> de convite <do|deste> grupo
settings: {a} <mudou|alterou> as <configurações|definições> <do|deste> grupo{x}
"""
ITALIAN = """
removed: {a} ha rimosso {b}
removed@a: Hai rimosso {b}
removed@b: {a} ti ha <rimosso|rimossa>
removed: {b} è <stato rimosso|stata rimossa>
left: {b} ha abbandonato<| il gruppo>
left@b: Hai abbandonato<| il gruppo>
left: {b} è <uscito|uscita><| dal gruppo>
joined: {b} è <entrato|entrata> <usando|tramite|con> il link <d'invito|di invito> <al|del|a questo|di questo> gruppo
joined@b: Sei <entrato|entrata> <usando|tramite|con> il link <d'invito|di invito> <al|del|a questo|di questo> gruppo
joined: {b} si è <unito|unita> <tramite|usando> il link <d'invito|di invito><| al gruppo| del gruppo>
added: {a} ha aggiunto {b}
added@a: Hai aggiunto {b}
added@b: {a} ti ha <aggiunto|aggiunta>
added: {b} è <stato aggiunto|stata aggiunta>
added@b: Sei <stato aggiunto|stata aggiunta>
created: {a} ha creato il gruppo "{s}"
created@a: Hai creato il gruppo "{s}"
created: {a} ha creato questo gruppo
created@a: Hai creato questo gruppo
subject: {a} ha cambiato <l'oggetto|il nome del gruppo> <da "{o}" a|da "{o}" in|in> "{s}"
subject@a: Hai cambiato <l'oggetto|il nome del gruppo> <da "{o}" a|da "{o}" in|in> "{s}"
description: {a} ha <cambiato|eliminato> la descrizione del gruppo
description@a: Hai <cambiato|eliminato> la descrizione del gruppo
picture: {a} ha <cambiato|eliminato|rimosso> l'<immagine|icona> <del|di questo> gruppo
picture@a: Hai <cambiato|eliminato|rimosso> l'<immagine|icona> <del|di questo> gruppo
number: {a} ha cambiato numero in {n}
number: {p} è stato cambiato con {n}
number: {a} ha cambiato <numero|il numero di telefono|il suo numero di telefono>{x}
admin@b: Ora sei <amministratore|un amministratore|admin>
no_admin@b: Non sei più <amministratore|un amministratore|admin>
link_reset: {a} ha <reimpostato|revocato> il link <d'invito|di invito> <del|al|di questo> gruppo
link_reset@a: Hai <reimpostato|revocato> il link <d'invito|di invito> <del|al|di questo> gruppo
settings: {a} ha <cambiato|modificato> le impostazioni <del|di questo> gruppo{x}
settings@a: Hai <cambiato|modificato> le impostazioni <del|di questo> gruppo{x}
"""
DUTCH = """
removed: {a} <heeft|hebt> {b} verwijderd
removed: {b} <is|bent|werd|zijn> verwijderd
left: {b} <heeft|hebt|hebben> de groep verlaten
joined: {b} <is|bent> <deelnemer|lid> geworden <via|met> de uitnodigingslink<| van deze groep| van de groep>
joined: {b} <is|bent> toegetreden <via|met> de uitnodigingslink<| van deze groep| van de groep>
joined: {b} neemt nu deel via de uitnodigingslink<| van deze groep| van de groep>
added: {a} <heeft|hebt> {b} toegevoegd
added: {b} <is|bent|werd|zijn> toegevoegd
created: {a} <heeft|hebt> <de groep|groep> "{s}" <gemaakt|aangemaakt>
created: {a} <heeft|hebt> deze groep <gemaakt|aangemaakt>
subject: {a} <heeft|hebt> <het onderwerp|de groepsnaam> <van "{o}" gewijzigd in|van "{o}" in> "{s}"
subject: {a} <heeft|hebt> <het onderwerp|de groepsnaam> <gewijzigd van "{o}" in|gewijzigd in> "{s}"
subject: {a} <heeft|hebt> het onderwerp <van "{o}" in|van "{o}" naar|in|naar> "{s}" <gewijzigd|veranderd>
subject: {a} <heeft|hebt> de groepsnaam <van "{o}" in|van "{o}" naar|in|naar> "{s}" <gewijzigd|veranderd>
description: {a} <heeft|hebt> de groepsbeschrijving <gewijzigd|aangepast|verwijderd>
picture: {a} <heeft|hebt> <de groepsafbeelding|het groepspictogram|de groepsfoto> <gewijzigd|veranderd|verwijderd>
number: {a} is <gewijzigd|veranderd> <in|naar> {n}
number: {a} heeft <een nieuw|zijn|haar|hun|het> telefoonnummer{x}
admin@b: <Je|Jij|U> bent nu <beheerder|een beheerder|groepsbeheerder>
no_admin@b: <Je|Jij|U> bent <geen beheerder|niet langer beheerder|geen groepsbeheerder><| meer>
link_reset: {a} <heeft|hebt> de uitnodigingslink van <deze|de> groep <opnieuw ingesteld|gereset|ingetrokken>
settings: {a} <heeft|hebt> de <groepsinstellingen|instellingen van deze groep>{x}
"""
ARABIC = """
removed: أزال {a} عضو {b}
removed: قام {a} بإزالة {b}
removed@a: <أزلت|قمت بإزالة> {b}
removed@b: <أزالك {a}|قام {a} بإزالتك>
removed: تمت إزالة {b}
left: غادر {b}
left: {b} غادر<| المجموعة>
left@b: <غادرت|لقد غادرت>
joined: <انضم|انضمّ> {b} <باستخدام|عبر|عن طريق> رابط <المجموعة|دعوة المجموعة|دعوة هذه المجموعة>
joined: <انضم|انضمّ> {b} <باستخدام|عبر|عن طريق> رابط الدعوة<| لهذه المجموعة>
joined: {b} <انضم|انضمّ> <باستخدام|عبر|عن طريق> رابط <المجموعة|دعوة المجموعة|دعوة هذه المجموعة>
joined: {b} <انضم|انضمّ> <باستخدام|عبر|عن طريق> رابط الدعوة<| لهذه المجموعة>
added: أضاف {a} عضو {b}
added: قام {a} بإضافة {b}
added@a: <أضفت|قمت بإضافة> {b}
added@b: <أضافك {a}|قام {a} بإضافتك>
added: تمت إضافة {b}
added@b: تمت إضافتك
created: أنشأ {a} المجموعة "{s}"
created: قام {a} بإنشاء <المجموعة|مجموعة> "{s}"
created@a: <أنشأت|قمت بإنشاء> <المجموعة|مجموعة> "{s}"
created: أنشأ {a} هذه المجموعة
subject: <غيّر|غير> {a} <الموضوع|اسم المجموعة> <من "{o}" إلى|إلى> "{s}"
subject: قام {a} بتغيير <الموضوع|اسم المجموعة> <من "{o}" إلى|إلى> "{s}"
description: <غيّر|غير|حذف> {a} وصف المجموعة
description: قام {a} بتغيير وصف المجموعة
picture: <غيّر|غير|حذف> {a} <أيقونة|صورة> المجموعة
picture: قام {a} بتغيير <أيقونة|صورة> المجموعة
number: <غيّر|غير> {a} <رقمه|رقم هاتفه> إلى {n}
number: <غيّر|غير> {a} رقم هاتفه{x}
number: قام {a} بتغيير رقم هاتفه{x}
admin@b: <أصبحت الآن مسؤولاً|أصبحت الآن مسؤولًا|أنت الآن مسؤول|أنت الآن مشرف|أصبحت مشرفًا الآن>
no_admin@b: <لم تعد مسؤولاً|لم تعد مسؤولًا|لم تعد مشرفًا>
link_reset: <أعاد|قام> {a} <تعيين|بإعادة تعيين> رابط <دعوة المجموعة|الدعوة لهذه المجموعة|دعوة هذه المجموعة>
settings: <غيّر|غير> {a} <إعدادات المجموعة|الإعدادات|إعدادات هذه المجموعة>{x}
settings: قام {a} بتغيير إعدادات <المجموعة|هذه المجموعة>{x}
"""
HINDI = """
removed: {a} ने {b} को <हटाया|हटा दिया|निकाला|निकाल दिया>
removed@a: आपने {b} को <हटाया|हटा दिया|निकाला|निकाल दिया>
removed@b: {a} ने आपको <हटाया|हटा दिया|निकाला|निकाल दिया>
removed: {b} को <हटाया गया|निकाला गया|हटा दिया गया>
left: {b} ने ग्रुप <छोड़ा|छोड़ दिया>
left: {b} <चले गए|चला गया|चली गईं>
left@b: आपने ग्रुप <छोड़ा|छोड़ दिया>
joined: {b} इस ग्रुप के <इनवाइट लिंक|आमंत्रण लिंक> <से|का इस्तेमाल करके|का उपयोग करके> <जुड़े|शामिल हुए|जुड़ गए>
added: {a} ने {b} को <जोड़ा|शामिल किया|ऐड किया>
added@a: आपने {b} को <जोड़ा|शामिल किया|ऐड किया>
added@b: {a} ने आपको <जोड़ा|शामिल किया|ऐड किया>
added: {b} को <जोड़ा गया|शामिल किया गया|ऐड किया गया>
created: {a} ने <ग्रुप "{s}"|"{s}" ग्रुप> बनाया
created@a: आपने <ग्रुप "{s}"|"{s}" ग्रुप> बनाया
created: {a} ने यह ग्रुप बनाया
subject: {a} ने <विषय|ग्रुप का नाम|ग्रुप का विषय><| को> "{o}" से बदलकर "{s}" <कर दिया|किया>
subject: {a} ने <विषय|ग्रुप का नाम|ग्रुप का विषय> बदलकर "{s}" <कर दिया|किया>
description: {a} ने ग्रुप का <विवरण|डिस्क्रिप्शन> <बदला|बदल दिया|हटाया>
picture: {a} ने <इस ग्रुप का|ग्रुप का|ग्रुप की> <आइकॉन|आइकन|फ़ोटो> <बदला|बदल दिया|बदली|हटाया>
number: {a} ने अपना <नंबर|फ़ोन नंबर> बदलकर {n} <कर लिया|किया|कर दिया>
number: {a} ने अपना <फ़ोन नंबर|नंबर> <बदला|बदल लिया|बदल दिया>{x}
admin@b: <अब आप|आप अब> एडमिन हैं
no_admin@b: <अब आप|आप अब> एडमिन नहीं <हैं|रहे>
link_reset: {a} ने <इस ग्रुप का|ग्रुप का> <इनवाइट लिंक|आमंत्रण लिंक> रीसेट <किया|कर दिया>
settings: {a} ने <इस ग्रुप की|ग्रुप की> <सेटिंग|सेटिंग्स>{x}
"""
TURKISH = """
removed: {a}, {b} kişisini<| gruptan> çıkardı
removed@a: {b} kişisini<| gruptan> çıkardınız
removed@b: {a} sizi<| gruptan> çıkardı
removed: {b}<| gruptan> çıkarıldı
left: {b}<| gruptan> ayrıldı
left@b: <Ayrıldınız|Gruptan ayrıldınız>
joined: {b} <bu grubun davet bağlantısını|grup bağlantısını|grup bağlantısı> kullanarak katıldı
joined: {b} <grup bağlantısıyla|davet bağlantısıyla|bu grubun davet bağlantısıyla> katıldı
added: {a}, {b} kişisini ekledi
added@a: {b} kişisini eklediniz
added@b: {a} sizi ekledi
added: {b}<| gruba> eklendi
created: {a}<,|> "{s}" grubunu oluşturdu
created@a: "{s}" grubunu oluşturdunuz
created: {a} bu grubu oluşturdu
subject: {a}<,|> <konuyu|grup adını> <"{o}" iken |"{o}" yerine |>"{s}" olarak değiştirdi
subject@a: <Konuyu|Grup adını> <"{o}" iken |"{o}" yerine |>"{s}" olarak değiştirdiniz
subject: {a}<,|> "{o}" olan grup adını "{s}" olarak değiştirdi
description: {a} grup açıklamasını <değiştirdi|sildi>
picture: {a} <bu grubun|grubun> simgesini <değiştirdi|sildi>
number: {a} numarasını {n} olarak değiştirdi
number: {a} telefon numarasını<| yeni bir numarayla| yeni bir numara ile> değiştirdi{x}
admin@b: Artık <yöneticisiniz|bir yöneticisiniz>
no_admin@b: Artık yönetici değilsiniz
link_reset: {a} <bu grubun|grubun> davet bağlantısını sıfırladı
settings: {a}<,|> bu grubun ayarlarını{x}
"""
POLISH = """
removed: {a} <usunął|usunęła|usunął(-ęła)|usunął/usunęła|usuwa> {b}
removed@a: <Usunąłeś|Usunęłaś|Usuwasz> {b}
removed: Usunięto {b}
removed: {b} <został usunięty|została usunięta|został(a) usunięty(-a)>
left: {b} <opuścił|opuściła|opuścił(a)|opuszcza> grupę
left: {b} <wyszedł|wyszła|wyszedł/wyszła>
left@b: <Opuściłeś|Opuściłaś|Opuszczasz> grupę
joined: {b} <dołączył|dołączyła|dołączył(a)> za pomocą <linku|łącza> <z zaproszeniem|zaproszenia> do <tej |>grupy
joined: {b} <dołączył|dołączyła|dołączył(a)>, <używając|korzystając z> linku zaproszenia<| do tej grupy| do grupy>
added: {a} <dodał|dodała|dodał(a)|dodaje> {b}
added@a: <Dodałeś|Dodałaś|Dodajesz> {b}
added: Dodano {b}
created: {a} <utworzył|utworzyła|utworzył(a)|tworzy> grupę "{s}"
created@a: <Utworzyłeś|Utworzyłaś|Tworzysz> grupę "{s}"
created: {a} <utworzył|utworzyła|utworzył(a)> tę grupę
subject: {a} <zmienił|zmieniła|zmienił(a)|zmienia> <temat|nazwę grupy|temat grupy> <z "{o}" na|na> "{s}"
subject@a: <Zmieniłeś|Zmieniłaś|Zmieniasz> <temat|nazwę grupy|temat grupy> <z "{o}" na|na> "{s}"
description: {a} <zmienił|zmieniła|zmienił(a)|zmienia> opis grupy
picture: {a} <zmienił|zmieniła|zmienił(a)|zmienia> <ikonę|obraz|zdjęcie> <grupy|tej grupy>
number: {a} <zmienił|zmieniła|zmienił(a)|zmienia> numer <na|telefonu na> {n}
number: {a} <zmienił|zmieniła|zmienił(a)|zmienia> numer telefonu{x}
admin@b: Jesteś teraz administratorem
no_admin@b: Nie jesteś już administratorem
link_reset: {a} <zresetował|zresetowała|zresetował(a)|resetuje> link <z zaproszeniem|zaproszenia> do <tej |>grupy
settings: {a} <zmienił|zmieniła|zmienił(a)|zmienia> ustawienia <tej grupy|grupy>{x}
"""
# Each language's sentences, and its words between the last two of a list
LANGUAGES: tuple[tuple[str, tuple[str, ...]], ...] = (
    (ENGLISH, (", and ", " and ")),
    (GERMAN, (" und ",)),
    (FRENCH, (" et ",)),
    (SPANISH, (" y ", " e ")),
    (PORTUGUESE, (" e ",)),
    (ITALIAN, (" e ", " ed ")),
    (DUTCH, (" en ",)),
    (ARABIC, (" و ", " و")),
    (HINDI, (" और ",)),
    (TURKISH, (" ve ",)),
    (POLISH, (" i ", " oraz ")),
)
