"""Read chat exports of WhatsApp (a .txt, or a .zip that holds one) for who joined and who left. No message is kept.

    bytes -> packing (lines) -> heads (when, and the rest) -> sentences (what happened) -> reading (an `Export`)

Only `work` is for other packages; `reading` is imported in the child process that reads a file. Line heads, calendars
and marks are those of public exports (github.com/starkdmi/whats_json, test/data, and github.com/lucasrodes/whatstk,
chats). There is no specification, so what is not understood is set aside and counted, never guessed.
"""
