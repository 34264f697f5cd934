"""Care for people, and what the service itself needs to remember."""

import sqlalchemy as sa

from storage.columns import count, flag, json, key, keyed, meta, moment, ref, some, text, word

matters = sa.Table(  # what needs a person: words not understood or passed on, a wish for help, a name to type
    "matters",
    meta,
    key(),
    ref("group_id", "groups"),
    ref("member_id", "members", null=True),
    word("kind"),
    text("words"),
    text("question"),
    ref("contribution_id", "contributions", null=True),
    json("media"),  # ids of the recordings and photos that came with it
    flag("unnamed"),  # whoever reads the list is not told whose it is
    moment("at", null=False),
    moment("done_at"),
    ref("done_by", "members", null=True, gone="SET NULL"),
    sa.Index(None, "member_id"),
    sa.Index(None, "group_id", "done_at"),
    sa.Index(None, "at"),
    some("contribution_id"),
)
handovers = sa.Table(  # a person helps a member by text: the automation is quiet meanwhile
    "handovers",
    meta,
    key(),
    ref("member_id", "members"),
    ref("helper_id", "members", null=True, gone="SET NULL"),
    count("mark"),  # the number that helpers know it by
    ref("line_id", "lines", null=True, gone="SET NULL"),  # where the member wrote last: answers go there
    word("channel", ""),
    moment("opened_at"),
    moment("due_at"),  # when it is late, as long as nobody has taken it up
    moment("taken_at"),
    moment("heard_at"),
    moment("closed_at"),
    sa.Index(None, "member_id"),
    sa.Index(None, "closed_at"),  # each minute those that are open are looked through
)
handover_words = sa.Table(  # what was said while a person helped: the member's own record, no contribution
    "handover_words",
    meta,
    key(),
    ref("handover_id", "handovers"),
    ref("member_id", "members"),
    word("by"),  # member, helper
    ref("who_id", "members", null=True, gone="SET NULL"),  # whoever of the staff wrote it
    text("text"),
    json("media"),
    moment("at", null=False),
    sa.Index(None, "handover_id"),
    sa.Index(None, "member_id"),
    sa.Index(None, "who_id"),
)
checkins = sa.Table(
    "checkins",
    meta,
    key(),
    ref("member_id", "members"),
    moment("asked_at"),
    moment("answered_at"),
    json("answers"),
    sa.Index(None, "member_id"),
)

senders = sa.Table(  # one lane each: its pause and its pace, for all processes
    "senders",
    meta,
    sa.Column("name", sa.String(60), primary_key=True),
    text("paused"),
    moment("paused_at"),
    moment("next_slot"),
    moment("probe_at"),
    moment("wait_until"),
    json("refusals"),  # the provider's latest, as [microseconds, line]
)
spending = sa.Table(
    "spending",
    meta,
    ref("group_id", "groups", primary=True),
    sa.Column("day", sa.String(10), primary_key=True),
    count("segments"),
    count("minutes"),
)
leases = sa.Table(
    "leases",
    meta,
    sa.Column("name", sa.String(60), primary_key=True),
    word("holder"),
    moment("until"),
)
# Who is signed in to the pages: for how long, and when they were here before.
sessions = sa.Table(
    "sessions",
    meta,
    key(),
    keyed("cookie_hash", unique=True, null=True),  # none once it was ended
    moment("begun_at", null=False),
    moment("seen_at", null=False),
    moment("ends_at", null=False),
    moment("before"),
    sa.Index(None, "ends_at"),
)
session_members = sa.Table(  # one person may run several groups
    "session_members",
    meta,
    ref("session_id", "sessions", primary=True),
    ref("member_id", "members", primary=True),
    sa.Index(None, "member_id"),
)
sign_ins = sa.Table(  # ways in that were given out and work once: a link, or a code on their own line
    "sign_ins",
    meta,
    key(),
    ref("member_id", "members"),
    word("kind"),  # link, code
    keyed("token_hash", unique=True),
    ref("line_id", "lines", null=True),  # where the code was sent
    count("tries"),
    moment("until", null=False),
    moment("used_at"),
    sa.Index(None, "member_id"),
)
audit = sa.Table(
    "audit",
    meta,
    key(),
    ref("group_id", "groups", null=True, gone="SET NULL"),
    word("who"),
    word("did"),
    sa.Column("subject", sa.String(60), nullable=True),
    text("why"),
    moment("at", null=False),
    sa.Index(None, "subject"),
)
marks = sa.Table(
    "marks", meta, sa.Column("name", sa.String(60), primary_key=True), text("value")
)  # key check, cursors
exports = sa.Table(  # a group's things written out as a ZIP, to be fetched within a day
    "exports",
    meta,
    key(),
    ref("group_id", "groups"),
    ref("by_id", "members", null=True, gone="SET NULL"),
    text("purpose"),
    word("reach", "inside"),  # inside: for those who run the group; outside: to be shown to others
    flag("practice"),
    word("state", "waiting"),  # waiting, writing, ready, failed
    count("written"),
    count("total"),
    json("counts"),  # of each file, as its manifest has them
    sa.Column("bytes", sa.BigInteger, nullable=False, default=0),
    text("sentence"),
    moment("asked_at", null=False),
    moment("done_at"),
    moment("leased_until"),
    sa.Index(None, "group_id", "asked_at"),
    sa.Index(None, "state"),
)
export_parts = sa.Table(  # its pieces, kept where photos are kept, so that every host can give them out
    "export_parts",
    meta,
    ref("export_id", "exports", primary=True),
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("sha256", sa.String(64), nullable=False),
    count("bytes"),
    sa.Index(None, "sha256"),
)
