"""The database as the core asks for it: one file for each subject."""
