"""Where each conversation stands, what came in, and what went wrong with it."""

import sqlalchemy as sa

from storage.columns import key, keyed, meta, moment, ref, some, text, word

conversations = sa.Table(
    "conversations",
    meta,
    sa.Column("owner", sa.String(60), primary_key=True),  # a member's id, "line:ID" or "call:ID"
    ref("member_id", "members", null=True),
    ref("line_id", "lines", null=True),
    text("state"),
    moment("busy_until"),
    moment("updated_at", null=False),
    sa.Index(None, "member_id"),
    sa.Index(None, "line_id"),
)
open_questions = sa.Table(
    "open_questions",
    meta,
    key(),
    ref("member_id", "members"),
    ref("poll_id", "polls", null=True),
    word("state", "open"),
    moment("asked_at"),
    sa.UniqueConstraint("member_id", "poll_id"),
)
events = sa.Table(
    "events",
    meta,
    key(),
    word("channel"),
    keyed("guard"),
    ref("line_id", "lines", null=True, gone="SET NULL"),
    ref("member_id", "members", null=True, gone="SET NULL"),
    word("kind"),
    text("body", None, null=True),
    ref("contribution_id", "contributions", null=True, gone="SET NULL"),
    word("answer", None, null=True),
    moment("at", null=False),
    moment("emptied_at"),
    sa.UniqueConstraint("channel", "guard"),
    sa.Index(None, "at"),
    # Whoever is erased is looked for in all of them, and so is a line that is forgotten.
    sa.Index(None, "member_id"),
    sa.Index(None, "line_id"),
    some("contribution_id"),
)
calls = sa.Table(
    "calls",
    meta,
    sa.Column("id", sa.String(64), primary_key=True),
    word("direction", "in"),
    ref("line_id", "lines", null=True, gone="SET NULL"),
    ref("member_id", "members", null=True, gone="SET NULL"),
    word("owner", None, null=True),
    ref("outbox_id", "outbox", null=True, gone="SET NULL"),
    moment("started_at"),
    moment("ended_at"),
    sa.Index(None, "member_id"),
    sa.Index(None, "line_id"),
    sa.Index(None, "outbox_id"),
)
call_steps = sa.Table(  # the answer to each step, kept ten minutes for a provider who asks again
    "call_steps",
    meta,
    sa.Column("call_id", sa.String(64), sa.ForeignKey("calls.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("step", sa.Integer, primary_key=True),
    text("answer"),
    moment("at"),
)
problems = sa.Table(
    "problems",
    meta,
    key(),
    ref("event_id", "events"),
    text("error"),
    moment("at", null=False),
    moment("replayed_at"),
    moment("done_at"),  # seen to in another way
    sa.Index(None, "event_id"),
)
