"""Telling people: messages, recipients, signed links."""
