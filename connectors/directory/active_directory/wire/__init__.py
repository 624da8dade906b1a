"""Speaking LDAP with a domain controller. Only `ldap3_session` knows ldap3."""
