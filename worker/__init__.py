"""A map of the code. Nothing is imported here.

    __main__   the command `whosleft`, which is program: puts the commands together, turns errors into exit codes
    cli        one file for each family of commands; they print, and leave deciding to the use cases
    demo       four weeks of an invented hospital, played over the same use cases
    running    wiring (the composition root: configuration in, use cases out; the only file that names connectors),
               app (the use cases put together, for the tests as well), serving (until told to stop), once, reloading
    desk       the web: assignees' pages, the console, signing in, the API
    settings   the configuration as typed models: loading, secrets, errors by line, the JSON Schema
    ops        what keeps a process running: scheduler, jobs under their leases, retries, clock, logs, metrics, masking
    contract   the JSON that other programs read, the same for the API and `--json`: one file for each subject
    app        use cases
        jobs       table (the list of jobs), and one class each with one `run_once(now)`:
                   poll inventory reconcile verify escalate deliver retention; observer (reports during a run)
        acts       people's acts: tickets, plans, an assignee's answers, access
        tell       messages to people, with their links
        reads      what a page, a command and the API show: ticket person group source situation; check
        evidence   packs for the auditor; the database compared with the journal
    languages  catalogues, and how each of the ten languages writes numbers and dates
    storage    the database behind its port: one file a subject; sql/ (engine, tables, bulk loads), migrations/
    ports      what the core asks of the outside: connectors, state (one file a subject), errors
    domain     decisions: pure functions of values and `now`
        model messengers | text | people identity tickets | groups escalation | reconcile | messages; evidence

Each layer imports downwards only, and siblings never import each other; import-linter holds that.

One leaver's way through it:

    domain.people.leaver          facts of a directory -> who has left            (called by app.jobs.poll)
    domain.identity.matching      members of groups -> who they are               (app.jobs.reconcile)
    domain.reconcile.guard        too many at once -> held for a person           (app.jobs.reconcile, app.acts.plans)
    domain.kinds                  one group -> what is wrong in it: a file for each kind of ticket
    domain.reconcile.engine       findings and existing tickets -> actions
    domain.tickets.ticket         the states of a ticket and the only moves between them
    domain.escalation.policy      a ticket -> the step that is due, its targets   (app.jobs.escalate)
    domain.reconcile.verification a claim and a later roster -> proved or not     (app.jobs.verify)
    domain.messages               the texts; app.jobs.deliver sends them from the outbox

docs/concepts.md explains the rules behind this, docs/decisions the reasons.
"""
