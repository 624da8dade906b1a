"""What the hospital asks of its groups: two texts, and the sections of its configuration."""

from worker.demo.units import LIVE

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
_FIRST = f"when: {{groups: [{', '.join(LIVE)}]}}"
CONTROLS = f"""\
controls:                         # beyond leavers: most of it is only reported, and nobody is asked
  register: {{required: [owner_email, purpose]}}
  admins:   {{min: 2, max: 4}}
  dormant:  {{after: 180d}}
  review:   {{every: 90d, sensitive_every: 30d}}
  classes:
    - {{name: patient, groups: ["Ward * days", "Ward * nights"], messengers: [teams], move_to: teams}}
  reports:  {{}}                    # a form for bad messages
  profile:                        # these three ask people, in a few groups at first
    mode: ticket
    {_FIRST}
    description: {{texts: {{en: {RULES}}}}}
  policies:
    - id: rules-for-admins
      version: "1"
      mode: ticket
      {_FIRST}
      texts: {{en: {POLICY}}}
      who: admins
  leaving:  {{mode: ticket, hand_over: {{lead: 14d}}}}
escalation:
  policies:
    - name: controls              # they can wait longer than leavers
      when: {{kinds: [fix_profile, attest]}}
      steps:
        - {{after: 50%, to: [assignee]}}
        - {{after: due, to: [assignee, accountable]}}
"""
