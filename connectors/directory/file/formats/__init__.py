"""Read exports: CSV and LDIF into records, in a separate process."""
