"""What is asked and sent: polls, meetings and briefs, the outbox and its receipts."""

import sqlalchemy as sa

from storage.columns import count, flag, json, key, meta, moment, ref, some, text, word

polls = sa.Table(
    "polls",
    meta,
    key(),
    ref("group_id", "groups"),
    text("question"),
    flag("several"),
    count("most"),
    flag("secret"),
    flag("staff"),
    flag("grows"),
    word("state", "open"),
    text("changes"),  # what it will change, and who decides, as members are told
    text("decides"),
    moment("opened_at", null=False),
    moment("closes_at"),
    moment("closed_at"),
    json("result"),
    sa.Index(None, "group_id", "state"),
)
options = sa.Table(
    "options",
    meta,
    ref("poll_id", "polls", primary=True),
    sa.Column("key", sa.String(8), primary_key=True),
    count("position"),
    text("label"),
)
ballots = sa.Table(
    "ballots",
    meta,
    ref("poll_id", "polls", primary=True),
    ref("member_id", "members", primary=True),
    json("choices"),
    word("channel", None, null=True),
    moment("at"),
    sa.Index(None, "member_id"),
)
voted = sa.Table(
    "voted",
    meta,
    ref("poll_id", "polls", primary=True),
    ref("member_id", "members", primary=True),
    sa.Index(None, "member_id"),
)

meetings = sa.Table(
    "meetings",
    meta,
    key(),
    ref("group_id", "groups"),
    text("title"),
    moment("at", null=False),
    word("state", "planned"),
    count("moves"),
    moment("created_at"),
)
briefs = sa.Table(
    "briefs",
    meta,
    key(),
    ref("meeting_id", "meetings"),
    text("title"),
    word("state", "planned"),
    moment("created_at"),
)
attachments = sa.Table(
    "attachments",
    meta,
    ref("brief_id", "briefs", primary=True),
    ref("media_id", "media", primary=True),
    count("position"),
    text("name"),
)
sendings = sa.Table(  # something that goes to many: claimed when due, expanded into outbox rows in slices
    "sendings",
    meta,
    key(),
    ref("group_id", "groups"),
    word("kind"),  # brief, poll, result, moved, cancelled
    sa.Column("subject_id", sa.String(40), nullable=False),
    word("before", ""),
    moment("due_at", null=False),
    moment("expires_at"),
    word("state", "waiting"),
    sa.Column("cursor", sa.String(40), nullable=False, default=""),
    word("leased_by", None, null=True),
    moment("leased_until"),
    moment("done_at"),
    sa.Index(None, "state", "due_at"),
)
reached = sa.Table(  # what became of a brief, a poll, a result or an answer for one member
    "reached",
    meta,
    sa.Column("kind", sa.String(20), primary_key=True),
    sa.Column("subject_id", sa.String(40), primary_key=True),
    ref("member_id", "members", primary=True),
    word("channel", None, null=True),
    word("state"),
    moment("at"),
    ref("outbox_id", "outbox", null=True, gone="SET NULL"),
    sa.Index(None, "member_id"),
    sa.Index(None, "outbox_id"),
)
outbox = sa.Table(
    "outbox",
    meta,
    key(),
    ref("line_id", "lines"),
    ref("member_id", "members", null=True),
    ref("group_id", "groups", null=True),
    word("channel"),
    word("lane"),  # which sender it leaves by: a channel's, or that of all practice phones
    word("class"),  # answer, notice
    sa.Column("dedupe_key", sa.String(120), nullable=False, unique=True),
    word("kind", "say"),
    sa.Column("subject_id", sa.String(40), nullable=True),
    text("body", None, null=True),
    sa.Column("merge", sa.String(120), nullable=False, default=""),
    word("state", "waiting"),  # waiting, sending, sent, delivered, failed, dead, dropped
    count("progress"),
    count("tries"),
    moment("not_before", null=False),
    moment("expires_at"),
    moment("created_at", null=False),
    moment("sent_at"),
    text("provider_id", None, null=True),
    word("outcome", None, null=True),
    word("code", None, null=True),
    text("sentence"),
    ref("event_id", "events", null=True, gone="SET NULL"),
    flag("held"),
    sa.Index(None, "line_id", "state", "id"),
    sa.Index(None, "member_id"),
    some("subject_id"),
    sa.Index(None, "state", "lane", "class", "not_before"),
    sa.Index(None, "provider_id"),
    sa.Index(None, "event_id"),  # an event that is deleted is looked for in each row that may name it
)
receipts = sa.Table(
    "receipts",
    meta,
    key(),
    ref("outbox_id", "outbox"),
    word("state"),
    word("code", None, null=True),
    moment("at"),
    sa.Index(None, "outbox_id"),
)
practice_posts = sa.Table(  # what a practice phone has received, as the provider would have taken it
    "practice_posts",
    meta,
    key(),
    ref("line_id", "lines"),
    json("parcel"),
    moment("at"),
    sa.Index(None, "line_id", "id"),
)
