"""The API beside the pages: what the command line does, for programs, under `/api/v1`."""
