"""The JSON that other people's programs read: one set of models, a file for each subject.

The API answers with them, and the command line prints them with `--json`. Each is made by its `of`, from what the
domain, the ports and `app.reads` have. Nothing below knows of JSON.
"""
