"""The command line: thin. Each command loads the configuration, calls one use case and prints the answer.

`--json` prints one document on standard output and nothing else; everything else goes to standard error.
"""
