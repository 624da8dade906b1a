"""What the hospital asks of its groups: the texts that its configuration names."""

RULES, POLICY = "rules.en.txt", "policy.en.md"
TEXTS = {
    RULES: """\
This is a work group of St Mary's. Write here only what colleagues need for their work. No patient data, no photos
of patients. Whoever leaves is removed. Report a message that should not be here to an admin.
""",
    POLICY: """\
# Rules for admins

- Add only people who need the group for their work, and remove whoever left.
- Keep the rules in the description.
- Hand over before leaving.
""",
}
