"""Reading exports: CSV and LDIF into records, in a process of its own."""
