"""The API: what the command line does, for programs, under `/api/v1`."""
