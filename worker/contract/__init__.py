"""The JSON that other programs read: one set of models, a file for each subject.

The API and `/statusz` answer with them, and the command line prints them with `--json`. Each is made by its `of`, from
values of the domain, the ports and `app.reads`. No lower layer knows JSON.
"""
