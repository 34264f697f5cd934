"""What members gave, and what became of it.

A contribution has no member column: who gave it stands in `given` alone.
"""

import sqlalchemy as sa

from storage.columns import count, flag, json, key, keyed, meta, moment, ref, sealed, some, text, word

contributions = sa.Table(
    "contributions",
    meta,
    key(),
    ref("group_id", "groups"),
    word("flow"),
    ref("meeting_id", "meetings", null=True, gone="SET NULL"),
    ref("poll_id", "polls", null=True, gone="SET NULL"),
    word("channel", None, null=True),  # null where it was given without a name
    moment("at", null=False),
    text("text"),
    json("answers"),
    word("audience", "facilitators"),
    flag("unnamed"),
    text("shown_name"),
    flag("practice"),
    flag("helped"),
    text("hidden_reason", None, null=True),
    moment("hidden_at"),
    moment("taken_back_at"),
    sa.Index(None, "group_id", "at"),
    some("poll_id"),
)
given = sa.Table(
    "given",
    meta,
    ref("contribution_id", "contributions", primary=True),
    ref("member_id", "members"),
    sa.Index(None, "member_id"),
)
media = sa.Table(
    "media",
    meta,
    key(),
    word("kind"),
    word("state", "waiting"),  # waiting, stored, refused
    word("channel", None, null=True),
    sealed("ref"),
    # Who to tell if it never comes; emptied with `ref` once it has, so that it names no giver.
    # No foreign key: lines, members and media would refer to each other in a ring.
    sa.Column("line_id", sa.String(40), nullable=True),
    text("type"),
    keyed("source_hash", null=True),
    sa.Column("sha256", sa.String(64), nullable=True),
    sa.Column("thumb_sha256", sa.String(64), nullable=True),
    count("bytes"),
    count("width"),
    count("height"),
    count("seconds"),
    text("words"),
    text("typed"),
    moment("heard_at"),
    text("name"),
    text("sentence"),
    count("tries"),
    moment("due_at"),
    word("leased_by", None, null=True),
    moment("leased_until"),
    moment("at"),
    sa.Index(None, "state", "due_at"),
    sa.Index(None, "sha256"),
    sa.Index(None, "thumb_sha256"),
)
leftovers = sa.Table(  # stored files that no row names any more, until they are removed
    "leftovers", meta, sa.Column("sha256", sa.String(64), primary_key=True), moment("leased_until")
)
contribution_media = sa.Table(
    "contribution_media",
    meta,
    ref("contribution_id", "contributions", primary=True),
    ref("media_id", "media", primary=True),
    count("position"),
    word("answer", None, null=True),
    sa.Index(None, "media_id"),
)
entries = sa.Table(  # what somebody entered for a member, until it was read back to them and a while longer
    "entries",
    meta,
    key(),
    ref("member_id", "members"),
    text("by"),
    ref("contribution_id", "contributions", null=True),
    ref("poll_id", "polls", null=True),
    moment("at", null=False),
    moment("read_at"),
    sa.Index(None, "member_id"),
    some("contribution_id"),
)
thanks = sa.Table(
    "thanks",
    meta,
    ref("contribution_id", "contributions", primary=True),
    ref("member_id", "members", primary=True),
    moment("at"),
    sa.Index(None, "member_id"),
)
hidings = sa.Table(  # what a facilitator hid, why, and what a second person said of it
    "hidings",
    meta,
    key(),
    ref("contribution_id", "contributions"),
    ref("by_id", "members", null=True, gone="SET NULL"),
    word("why"),
    moment("at", null=False),
    moment("asked_at"),  # when its giver asked for a second person
    ref("second_id", "members", null=True, gone="SET NULL"),
    word("outcome", None, null=True),  # kept, shown
    moment("reviewed_at"),
    sa.Index(None, "contribution_id"),
)
replies = sa.Table(  # "You said, we did"
    "replies",
    meta,
    key(),
    ref("contribution_id", "contributions"),
    text("body"),
    ref("by_id", "members", null=True, gone="SET NULL"),
    moment("at"),
    sa.Index(None, "contribution_id"),
)
proposals = sa.Table(
    "proposals",
    meta,
    key(),
    ref("group_id", "groups"),
    ref("meeting_id", "meetings", null=True, gone="SET NULL"),
    text("body"),
    moment("at"),
)
backings = sa.Table(
    "backings",
    meta,
    ref("proposal_id", "proposals", primary=True),
    ref("member_id", "members", primary=True),
    sa.Index(None, "member_id"),
)
payments = sa.Table(
    "payments",
    meta,
    key(),
    ref("member_id", "members"),
    count("minutes"),
    count("pence"),
    text("note"),
    word("state", "offered"),
    moment("at"),
)
