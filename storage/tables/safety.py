"""Care for somebody who may be in danger: the words that tell, whom we alert, and what came of each alert."""

import sqlalchemy as sa

from storage.columns import count, flag, key, meta, moment, ref, text, word

safe_words = sa.Table(  # phrases that a group added to the shipped ones, and those that it does not look for
    "safe_words",
    meta,
    key(),
    ref("group_id", "groups", null=True),
    word("language"),
    text("phrase"),
    flag("dropped"),
)
safe_contacts = sa.Table(
    "safe_contacts",
    meta,
    ref("group_id", "groups", primary=True),
    ref("member_id", "members", primary=True),
    count("rank"),
    flag("any_hour"),
)
alerts = sa.Table(  # something that one person sent, and that a contact is to look at
    "alerts",
    meta,
    key(),
    ref("group_id", "groups"),
    word("number"),  # three digits, what the alert is called by text and aloud
    ref("member_id", "members", null=True, gone="SET NULL"),
    ref("line_id", "lines", null=True, gone="SET NULL"),
    flag("practice"),
    word("state", "open"),  # open, seen
    moment("at", null=False),
    moment("due_at"),  # when the next person is told, unless somebody says SEEN
    ref("seen_by", "members", null=True, gone="SET NULL"),
    moment("seen_at"),
    sa.Index(None, "state"),
    sa.Index(None, "member_id"),
    sa.Index(None, "line_id"),
)
alert_words = sa.Table(  # what was sent; `gift` is the contribution that it is or would have become
    "alert_words",
    meta,
    key(),
    ref("alert_id", "alerts"),
    sa.Column("gift", sa.String(40), nullable=True),
    ref("event_id", "events", null=True, gone="SET NULL"),
    text("words"),
    moment("at", null=False),
    sa.Index(None, "alert_id"),
    sa.Index(None, "gift"),
    sa.Index(None, "event_id"),
)
alert_steps = sa.Table(  # whom we told by which way, who could not be reached, who saw to it
    "alert_steps",
    meta,
    key(),
    ref("alert_id", "alerts"),
    ref("contact_id", "members", null=True, gone="SET NULL"),
    word("what"),
    word("channel", None, null=True),
    ref("line_id", "lines", null=True, gone="SET NULL"),
    ref("outbox_id", "outbox", null=True, gone="SET NULL"),
    moment("at", null=False),
    sa.Index(None, "alert_id"),
    sa.Index(None, "outbox_id"),
)
