"""One chat group: its members, admins, and who belongs in it."""
