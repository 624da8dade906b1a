"""Calendars in the format iCalendar (RFC 5545), by which a rota that is kept elsewhere says who is on call."""
