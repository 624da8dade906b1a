"""The port of the database: one file for each subject."""
