"""Speak LDAP with a domain controller. Only `ldap3_session` imports ldap3."""
