"""The pure core: what is true, what is wrong, and what should happen next.

No I/O, no clock, no logging in here: time is an argument and so is every fact. Data flow:
facts -> standing -> findings -> plan -> guard -> tickets -> escalation -> verification.
"""
