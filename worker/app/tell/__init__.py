"""Who is told what: messages, recipients, signed links."""
