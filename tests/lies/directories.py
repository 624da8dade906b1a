"""The lies of directories. Numbers stay; a new lie is put at the end."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from lies.company import CLAIMED, DATED, DISABLED, HERE, LETTERS, Reaction
from lies.directory_tells import (
    MANY,
    all_say,
    broken,
    clock,
    clock_jumps,
    dated,
    delta_as_full,
    earlier,
    end,
    epoch,
    everybody,
    forgets,
    hurried,
    in_days,
    is_one,
    malformed,
    no_news,
    old_copy,
    other_company,
    pages,
    pages_without_total,
    refused,
    rewinds,
    say,
    second_account,
    some_say,
    strangers,
    swapped,
    total,
    unchanged,
    unproven,
    unshown,
    with_end,
    without,
    without_some,
)  # fmt: skip
from lies.lie import ASKED, DIRECTORIES, FILE, Lie
from worker.domain.model import AccountFacts
from worker.ports import AuthFailed, DirectoryPage, Incomplete, PermissionDenied, Rejected, Transient

AD, ENTRA, FILES, BOTH, ALL = "AD", "Entra", "file", "AD, Entra", "AD, Entra, file"
HOLDS, REFUSES, LOOKS_UP, ASKS, STAYS = Reaction
ONE, TWO = HERE[0], HERE[17]


def _is_of_one_letter(facts: AccountFacts) -> bool:
    return facts.person_id.startswith(LETTERS[0])


def _is_of_one_unit(facts: AccountFacts) -> bool:
    return facts.org_unit == "OU=Ward 0"


def _renamed(facts: AccountFacts) -> AccountFacts:
    return replace(facts, display_name=f"New {facts.person_id}", username="new", email=f"new-{facts.email}")


_PAGES = (
    Lie("D01", "an empty page first, then everybody", "the answer goes on", ENTRA, STAYS,
        pages(lambda every: [(), *every]), DIRECTORIES),
    Lie("D02", "an empty page in the middle", "the answer goes on", ENTRA, STAYS,
        pages(lambda every: [*every[:1], (), *every[1:]]), DIRECTORIES),
    Lie("D03", "an empty page last", "everybody was listed before it", ENTRA, STAYS,
        pages(lambda every: [*every, ()]), DIRECTORIES),
    Lie("D04", "nobody is there, and that is all", "everybody is there", FILES, REFUSES,
        pages(lambda _every: [], end=lambda one: replace(one, total=None)), DIRECTORIES),
    Lie("D05", "nobody is there, and there are as many people as ever", "everybody is there", ENTRA, REFUSES,
        pages(lambda _every: []), ASKED),
    Lie("D06", "nothing at all, not even an end", "everybody is there", ALL, REFUSES, unproven(0), DIRECTORIES),
    Lie("D07", "half of the pages, and no end", "the other half was cut off", AD, REFUSES, unproven(0.5), DIRECTORIES),
    Lie("D08", "all pages, and no end", "the proof is missing", ENTRA, REFUSES, unproven(1), DIRECTORIES),
    Lie("D09", "an error at once, as if it were busy", "everybody is there", ALL, REFUSES,
        broken(0, lambda: Transient("It is busy.", remedy="Wait.")), DIRECTORIES),
    Lie("D10", "an error after half of the pages", "everybody is there", BOTH, REFUSES,
        broken(0.5, lambda: Transient("The line broke.", remedy="Wait.")), DIRECTORIES),
    Lie("D11", "an error after the last page", "everybody is there", BOTH, REFUSES,
        broken(0.9, lambda: Incomplete("The last page broke off.", remedy="Wait.")), DIRECTORIES),
    Lie("D12", "the first page only, and that this is everybody", "there are more pages", AD, HOLDS,
        pages(lambda every: every[:1], end=lambda one: replace(one, total=None)), DIRECTORIES),
    Lie("D13", "the first page only, and how many there are in all", "there are more pages", ENTRA, REFUSES,
        pages(lambda every: every[:1]), ASKED),
    Lie("D14", "all pages but the last", "the last has people, too", AD, LOOKS_UP,
        pages(lambda every: every[:-1], end=lambda one: replace(one, total=None)), DIRECTORIES),
    Lie("D15", "all pages but one in the middle", "it has people, too", AD, HOLDS,
        pages(lambda every: every[:1] + every[2:], end=lambda one: replace(one, total=None)), DIRECTORIES),
    Lie("D16", "half of each page", "everybody is there", FILES, HOLDS,
        pages(lambda every: [page[::2] for page in every], end=lambda one: replace(one, total=None)), DIRECTORIES),
    Lie("D17", "one person more in the count than in the list", "everybody was listed", ENTRA, REFUSES,
        total(1), DIRECTORIES),
    Lie("D18", "a hundred people less in the count than in the list", "everybody was listed", ENTRA, STAYS,
        total(-100), DIRECTORIES),
    Lie("D19", "more people after the end", "nobody knows what it is the end of", BOTH, REFUSES,
        with_end(lambda every: [*every[1:], every[0]] if len(every) > 1 else [*every, DirectoryPage(())]), DIRECTORIES),
    Lie("D20", "the end twice", "one read has one end", BOTH, REFUSES,
        with_end(lambda every: [*every, *every[-1:]]), DIRECTORIES),
    Lie("D21", "each page twice", "each person is there once", ENTRA, STAYS,
        pages(lambda every: [page for page in every for _ in range(2)]), DIRECTORIES),
    Lie("D22", "the pages in another order", "order means nothing", BOTH, STAYS,
        pages(lambda every: every[::-1]), DIRECTORIES),
    Lie("D23", "everybody as deleted, and later in the same read as here", "they are here", ENTRA, STAYS,
        earlier(everybody, lambda facts: replace(facts, is_deleted=True)), ASKED, is_alone=True),
    Lie("D24", "everybody as disabled, and later in the same read as here", "they are here", ENTRA, STAYS,
        earlier(everybody, lambda facts: replace(facts, enabled=False)), DIRECTORIES, is_alone=True),
)  # fmt: skip

_LISTED = (
    Lie("D25", "everybody but one person", "they are here", AD, LOOKS_UP, without_some(1), DIRECTORIES),
    Lie("D26", "everybody but a few people", "they are here", AD, LOOKS_UP, without_some(4), DIRECTORIES),
    Lie("D27", "nobody whose name begins with one letter", "a filter lost them", BOTH, LOOKS_UP,
        without(_is_of_one_letter), DIRECTORIES),
    Lie("D28", "nobody of one unit", "the unit was moved out of the search base", AD, HOLDS,
        without(_is_of_one_unit), DIRECTORIES),
    Lie("D29", "everybody but one, whose look-up is refused", "our rights shrank", BOTH, REFUSES,
        without_some(1, denied=True), ASKED),
    Lie("D30", "everybody but many, whose look-ups find nobody", "a copy is behind", ENTRA, HOLDS,
        without_some(MANY, unknown=True), ASKED, says_left=True),
    Lie("D31", "everybody, under the ids of another company", "it is the wrong tenant", ENTRA, HOLDS,
        pages_without_total(pages(other_company)), DIRECTORIES,
        leaves_question=True, is_alone=True),
    Lie("D32", "a hundred strangers besides", "it lists another company, too", AD, STAYS,
        strangers(100), DIRECTORIES),
    Lie("D33", "strangers who are disabled besides", "they were never here", ENTRA, STAYS,
        strangers(40, enabled=False), DIRECTORIES),
    Lie("D34", "strangers with a leaver's name besides", "they are others", FILES, STAYS,
        strangers(3, display_name=DISABLED.capitalize()), DIRECTORIES),
    Lie("D35", "the ids in capitals", "ids are the same in any case", FILES, HOLDS,
        pages_without_total(pages(lambda every: [tuple(replace(one, person_id=one.person_id.upper()) for one in page)
                                                 for page in every])), DIRECTORIES,
        leaves_question=True, is_alone=True),
    Lie("D36", "one id in capitals", "it is the same person", FILES, LOOKS_UP,
        say(is_one(ONE), lambda facts: replace(facts, person_id=facts.person_id.upper())), DIRECTORIES),
)  # fmt: skip

_FACTS = (
    Lie("D37", "of one person, not whether the account is enabled", "they are here", ENTRA, STAYS,
        some_say(1, enabled=None), DIRECTORIES),
    Lie("D38", "of nobody, whether the account is enabled", "a right is missing", ENTRA, STAYS,
        all_say(enabled=None), DIRECTORIES),
    Lie("D39", "that it can't show whether accounts are enabled", "a right is missing", AD, REFUSES,
        unshown("enabled"), DIRECTORIES),
    Lie("D40", "that it can't show leave dates", "a right is missing", ENTRA, STAYS,
        unshown("leave_at"), DIRECTORIES),
    Lie("D41", "no numbers of anybody", "they have the same as ever", ENTRA, STAYS, all_say(phones=()), DIRECTORIES),
    Lie("D42", "no number of one person", "they have the same as ever", AD, STAYS, some_say(1, phones=()), DIRECTORIES),
    Lie("D43", "no addresses and no employee numbers", "they have them", ENTRA, STAYS,
        all_say(email=None, employee_id=None), DIRECTORIES),
    Lie("D44", "no names", "they have names", FILES, STAYS, all_say(display_name=""), DIRECTORIES),
    Lie("D45", "one number for everybody, that of the ward", "each has their own", FILES, STAYS,
        all_say(phones=("+447700900999",)), DIRECTORIES),
    Lie("D46", "one employee number for everybody", "each has their own", FILES, STAYS,
        all_say(employee_id="E000"), DIRECTORIES),
    Lie("D47", "two people's numbers swapped", "each has their own", FILES, STAYS,
        swapped(ONE, TWO, "phones"), DIRECTORIES),
    Lie("D48", "a leaver's number swapped with that of somebody here", "each has their own", FILES, ASKS,
        swapped(DISABLED, ONE, "phones"), DIRECTORIES, leaves_question=True),
    Lie("D49", "a leaver's number given to a new person", "it is the leaver's still", AD, ASKS,
        second_account(DISABLED, enabled=True, employee_id="E900", email=None, username=None), DIRECTORIES,
        leaves_question=True),
    Lie("D50", "a second, disabled account with somebody's number", "they are here", AD, ASKS,
        second_account(ONE, enabled=False, employee_id=None, email=None, username=f"adm-{ONE}"), DIRECTORIES),
    Lie("D51", "two people under each other's ids", "each is who they were", FILES, STAYS,
        swapped(ONE, TWO, "display_name", "email", "username", "employee_id", "phones"), DIRECTORIES),
    Lie("D52", "another name, address and user name of one person", "it is the same person", ENTRA, STAYS,
        say(is_one(ONE), _renamed), DIRECTORIES),
    Lie("D53", "another name and address of everybody, one user name", "they are the same people", ENTRA, STAYS,
        say(everybody, _renamed), DIRECTORIES),
    Lie("D54", "that everybody moved to another unit", "nobody moved", AD, STAYS,
        all_say(org_unit="OU=New", department="New"), DIRECTORIES),
    Lie("D55", "that everybody is out of scope", "the scope was set wrong", AD, STAYS,
        all_say(is_in_scope=False), DIRECTORIES),
    Lie("D56", "that one unit is out of scope", "it was moved", AD, STAYS,
        say(_is_of_one_unit, lambda facts: replace(facts, is_in_scope=False)), DIRECTORIES),
    Lie("D57", "that somebody is disabled, and on a long leave", "they are here", ALL, STAYS,
        some_say(1, enabled=False, is_on_long_leave=True), DIRECTORIES),
    Lie("D58", "that a leaver is on a long leave", "they have left", FILES, STAYS,
        say(is_one(DISABLED), lambda facts: replace(facts, is_on_long_leave=True)), DIRECTORIES),
    Lie("D59", "that a leaver is enabled", "they have left", FILES, STAYS,
        say(is_one(CLAIMED), lambda facts: replace(facts, enabled=True)), DIRECTORIES),
    Lie("D60", "of no leaver, whether the account is enabled", "they have left", ENTRA, STAYS,
        say(is_one(CLAIMED, DISABLED), lambda facts: replace(facts, enabled=None)), DIRECTORIES),
)  # fmt: skip

_WORDS = (
    Lie("D61", "that everybody is disabled", "a script ran wild", AD, HOLDS,
        all_say(enabled=False), DIRECTORIES, says_left=True),
    Lie("D62", "that some people are disabled at once", "a script ran wild", AD, HOLDS,
        some_say(MANY, enabled=False), DIRECTORIES, says_left=True),
    Lie("D63", "that everybody is deleted", "they are here", ENTRA, HOLDS,
        all_say(is_deleted=True), ASKED, says_left=True),
    Lie("D64", "that some people are deleted at once", "they are restored later", ENTRA, HOLDS,
        some_say(MANY, is_deleted=True), ASKED, says_left=True),
    Lie("D65", "that everybody is in the leavers' unit", "the rule for it is wrong", AD, HOLDS,
        all_say(is_moved_out=True), DIRECTORIES, says_left=True),
    Lie("D66", "that all accounts expired yesterday", "they did not", AD, HOLDS,
        in_days(-1, "expires_at"), DIRECTORIES, says_left=True),
    Lie("D67", "that everybody's last day was yesterday", "it was not", ENTRA, HOLDS,
        in_days(-1, "leave_at"), DIRECTORIES, says_left=True),
    Lie("D68", "that some people's last day was ten years ago", "the column is the day of joining", FILES, HOLDS,
        in_days(-3650, "leave_at", MANY), DIRECTORIES, says_left=True),
    Lie("D69", "that everybody's last day is over in an hour", "it is not", ENTRA, HOLDS,
        in_days(1 / 24, "leave_at"), DIRECTORIES, says_left=True),
    Lie("D70", "that everybody's last day is tomorrow", "it is not", ENTRA, STAYS, in_days(1, "leave_at"), DIRECTORIES),
    Lie("D71", "that accounts expire at 0", "they never do", AD, STAYS, dated("0", "expires_at"), DIRECTORIES),
    Lie("D72", "that accounts expire at 9223372036854775807", "they never do", AD, STAYS,
        dated("9223372036854775807", "expires_at"), DIRECTORIES),
    Lie("D73", "that accounts expire in the year 9999", "they never do", FILES, STAYS,
        dated("9999-12-31", "expires_at"), DIRECTORIES),
    Lie("D74", "no last day of somebody who leaves today", "they leave today", ENTRA, STAYS,
        say(is_one(DATED), lambda facts: replace(facts, leave_at=None)), DIRECTORIES),
    Lie("D75", "a later last day of somebody who leaves today", "they leave today", ENTRA, STAYS,
        say(is_one(DATED), lambda facts: replace(facts, leave_at=facts.leave_at and facts.leave_at
                                                 + timedelta(days=30))), DIRECTORIES),
)  # fmt: skip

_TIME = (
    Lie("D76", "a date of tomorrow", "its clock is wrong", AD, STAYS, clock(days=1), DIRECTORIES),
    Lie("D77", "a date in a year", "its clock is wrong", AD, STAYS, clock(days=365), DIRECTORIES),
    Lie("D78", "a date of yesterday", "its clock is wrong", FILES, STAYS, clock(days=-1), DIRECTORIES),
    Lie("D79", "a date of a year ago", "its clock is wrong", FILES, STAYS, clock(days=-365), DIRECTORIES),
    Lie("D80", "a date of 1970", "its clock has no battery", AD, STAYS, epoch, DIRECTORIES),
    Lie("D81", "a date a day ahead, then one a day behind", "its clock jumps", AD, STAYS,
        clock_jumps, DIRECTORIES, is_alone=True),
)  # fmt: skip

_CURSORS = (
    Lie("D82", "once, that it does not know the cursor", "it gave it", ENTRA, STAYS,
        forgets(always=False), DIRECTORIES),
    Lie("D83", "each time, that it does not know the cursor", "it gave it", AD, LOOKS_UP,
        forgets(always=True), DIRECTORIES),
    Lie("D84", "in each delta, everything since an older cursor", "most of it is known", ENTRA, STAYS,
        rewinds, ASKED),
    Lie("D85", "in each delta, that nothing changed", "it was restored from an older copy", AD, LOOKS_UP,
        no_news, ASKED),
    Lie("D86", "in full reads, too, that nothing is newer", "there is", FILES, STAYS, unchanged, DIRECTORIES),
    Lie("D87", "what was true some hours ago, dated now", "an old export was copied anew", FILES, LOOKS_UP,
        old_copy, DIRECTORIES),
    Lie("D88", "that a delta was a full read", "it lists only what changed", ENTRA, HOLDS,
        delta_as_full, ASKED),
    Lie("D89", "that a full read was a delta", "it lists everybody", ENTRA, STAYS,
        end(lambda one: replace(one, is_full=False)), DIRECTORIES),
)  # fmt: skip

_ERRORS = (
    Lie("D90", "that it is down", "everybody is there", ALL, REFUSES,
        refused(lambda: Transient("No answer.", remedy="Wait.")), DIRECTORIES),
    Lie("D91", "that our password is wrong", "our account expired", AD, REFUSES,
        refused(lambda: AuthFailed("Wrong password.", remedy="Mend it.")), DIRECTORIES),
    Lie("D92", "that we may not read", "a right was taken away", ENTRA, REFUSES,
        refused(lambda: PermissionDenied("No.", missing="the right", remedy="Give it.")), DIRECTORIES),
    Lie("D93", "that it never heard of such a question", "everybody is there", ENTRA, REFUSES,
        refused(lambda: Rejected("What?", remedy="Ask otherwise.")), DIRECTORIES),
    Lie("D94", "one record that can't be understood", "the person is here", FILES, STAYS,
        malformed(1), DIRECTORIES),
    Lie("D95", "many records that can't be understood", "the people are here", FILES, REFUSES,
        malformed(MANY), DIRECTORIES),
    Lie("D96", "everybody but a few people, thrice, with dates that are days apart", "hours lie between", FILES, STAYS,
        hurried(4), FILE, reads=3),
)  # fmt: skip

LIES = _PAGES + _LISTED + _FACTS + _WORDS + _TIME + _CURSORS + _ERRORS
