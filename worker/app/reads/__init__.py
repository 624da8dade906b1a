"""Reads that pages, commands and the API share."""
