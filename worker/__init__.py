"""A map of the code. Nothing is imported here.

    __main__   the command `whosleft`: puts the commands together, turns errors into exit codes
    cli        one file for each family of commands; they print, and leave deciding to the use cases
    demo       four weeks of an invented hospital, played over the same use cases
    serving    running until told to stop: the jobs, and the desk, alone or beside them
    once       running the jobs once
    reloading  the configuration, read again while the process runs
    bootstrap  the composition root: configuration in, use cases out; the only file that names connectors
    desk       the web: assignees' pages, the console, signing in, the API
    settings   the configuration as typed models: loading, secrets, errors by line, the JSON Schema
    ops        what keeps a process running: scheduler, jobs under their leases, retries, clock, logs, metrics, masking
    app        use cases, one class each with one `run_once(now)`:
               poll, inventory, reconcile, verify, escalate, deliver, retention; and for people's acts
               assigned (by a link), desk, approvals, access, audit, check
    languages  catalogues, and how each of the ten languages writes numbers and dates
    storage    the database behind its port: tables, migrations, leases, outbox, journal, scratch copies
    ports      what the core asks of the outside: Directory, Inventory, Notifier, Store, and the errors
    domain     decisions: pure functions of values and `now`

Each layer imports downwards only, and siblings never import each other; import-linter holds that.

One leaver's way through it:

    domain.leaver      facts of a directory -> who has left            (called by app.poll)
    domain.identity    members of groups -> who they are               (app.reconcile)
    domain.guard       too many at once -> held for a person           (app.reconcile, app.approvals)
    domain.findings    one group -> what is wrong in it
    domain.reconcile   what is wrong and the tickets there are -> actions
    domain.ticket      the states of a ticket and the only moves between them
    domain.escalation  a ticket -> which step is due, told to whom     (app.escalate)
    domain.verify      a claim and a later roster -> proved or not     (app.verify)
    domain.message     what is told; app.deliver sends it from the outbox

docs/concepts.md explains the rules behind this, docs/decisions why it is so.
"""
