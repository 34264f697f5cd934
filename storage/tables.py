"""Every table, in the order of the model: groups, people, what they gave, questions, sendings.

Words in columns mean what they mean in `docs/design.md`. A contribution has no member column: who gave
it stands in `given` alone. Rows that wait for a time carry `due_at`; the database decides what is due.
"""

import sqlalchemy as sa

from storage.columns import count, flag, json, key, keyed, moment, ref, sealed, text, word

meta = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)
T = sa.Table

# Groups ------------------------------------------------------------------------------------------
groups = T(
    "groups", meta, key(),
    sa.Column("code", sa.String(20), nullable=False, unique=True),
    sa.Column("number", sa.String(4), nullable=False, unique=True),  # four digits to key on a phone
    text("name"), text("outside_name", "Takepart"),
    word("zone", "Europe/London"), word("hours", "9-20"), word("language", "en"),
    json("languages"), word("admission", "open"),
    sa.Column("helper_id", sa.String(40), nullable=True), text("helper_phone"),
    json("settings"), count("retention_days", None, null=True), flag("practice"),
    count("version"),  # goes up when anything that a turn reads of the group changes
    moment("created_at", null=False),
)
# Every text that somebody writes, by language and form (plain, easy, spoken).
texts = T(
    "texts", meta,
    sa.Column("owner", sa.String(60), primary_key=True),  # "brief:ID", "poll:ID", "consent:ID"
    sa.Column("language", sa.String(12), primary_key=True),
    sa.Column("form", sa.String(12), primary_key=True),
    text("body"), moment("at"),
)
flow_versions = T(
    "flow_versions", meta,
    sa.Column("version", sa.String(64), primary_key=True),
    word("flow"), ref("group_id", "groups", null=True), text("body"), moment("at"),
)
rooms = T(  # group chats on Telegram; the word is one-time and kept as a hash
    "rooms", meta, key(), ref("group_id", "groups"),
    keyed("word_hash", null=True), moment("word_until"),
    sealed("address"), keyed("address_hash", unique=True, null=True), moment("linked_at"),
)
room_posts = T(  # where a poll stands in a group chat, so that its count can be kept up to date
    "room_posts", meta, key(), ref("room_id", "rooms"), ref("poll_id", "polls"),
    word("message_id"), moment("at"),
)

# People ------------------------------------------------------------------------------------------
members = T(
    "members", meta, key(), ref("group_id", "groups"),
    word("permission", "member"), word("state", "active"),  # active, paused, stopped, left, erased
    text("name"), ref("name_media", "media", null=True, gone="SET NULL"),
    sa.Column("number", sa.String(4), nullable=True), text("pin_hash", None, null=True),
    word("language", "en"), word("form", "plain"),
    flag("more_time"), flag("slower"), flag("never_named"), flag("never_ring"), flag("never_first"),
    word("hours", None, null=True), flag("practice"),
    moment("paused_until"), moment("stopped_at"), moment("joined_at"), moment("left_at"),
    moment("heard_at"), moment("checked_in_at"),
    sa.UniqueConstraint("group_id", "number"),
    sa.Index(None, "group_id", "id"),
)
standings = T(
    "standings", meta, ref("member_id", "members", primary=True),
    sa.Column("standing", sa.String(20), primary_key=True),
)
lines = T(
    "lines", meta, key(), word("kind"),  # telegram, phone, practice
    sealed("address"), keyed("address_hash", unique=True),
    moment("stopped_at"), sa.Column("takes_texts", sa.Boolean, nullable=True),
    moment("failing_since"), moment("greeted_at"),
    ref("at_member", "members", null=True, gone="SET NULL"), moment("at_until"),
    # the lane's side: when its head is due, who holds it, and until when
    moment("due_at"), word("leased_by", None, null=True), moment("leased_until"),
    moment("created_at"),
    sa.Index(None, "due_at"),
)
reaches = T(
    "reaches", meta, key(), ref("member_id", "members"), ref("line_id", "lines"), word("channel"),
    count("rank"), flag("may_start", True), flag("greet_by_name"), flag("leave_message"),
    flag("write_anything"), moment("proved_at"), moment("heard_at"), moment("failing_since"),
    moment("retired_at"),
    sa.UniqueConstraint("member_id", "line_id", "channel"),
    sa.Index(None, "line_id"),
)
needs = T(
    "needs", meta, key(), ref("member_id", "members"), word("kind"), text("words"),
    moment("asked_on"), sa.Column("met", sa.Boolean, nullable=True), text("why"), moment("review_on"),
)
preferences = T(
    "preferences", meta, ref("member_id", "members", primary=True),
    sa.Column("name", sa.String(40), primary_key=True), text("value"), moment("at"),
)
supporters = T(
    "supporters", meta, key(), ref("member_id", "members"), text("name"), json("purposes"),
    ref("line_id", "lines", null=True, gone="SET NULL"), moment("until"), moment("ended_at"),
)
consents = T(
    "consents", meta, key(), ref("member_id", "members"), word("purpose"), word("wording"),
    word("language"), word("form"), word("channel"), moment("at", null=False), moment("withdrawn_at"),
)
invitations = T(
    "invitations", meta, key(), ref("group_id", "groups"), keyed("code_hash", unique=True),
    text("name"), moment("until"), moment("used_at"),
)
link_codes = T(
    "link_codes", meta, key(), ref("member_id", "members"), keyed("code_hash"),
    count("tries"), moment("until"), moment("used_at"),
)
joined_members = T(  # two members found to be one person; can be undone for 30 days
    "joined_members", meta, key(), ref("kept_id", "members"), ref("other_id", "members"),
    json("before"), moment("at"), moment("undone_at"),
)

# Turns -------------------------------------------------------------------------------------------
conversations = T(
    "conversations", meta,
    sa.Column("owner", sa.String(60), primary_key=True),  # a member's id, "line:ID" or "call:ID"
    ref("member_id", "members", null=True), ref("line_id", "lines", null=True),
    text("state"), moment("busy_until"), moment("updated_at", null=False),
)
open_questions = T(
    "open_questions", meta, key(), ref("member_id", "members"), ref("poll_id", "polls", null=True),
    word("state", "open"), moment("asked_at"), sa.UniqueConstraint("member_id", "poll_id"),
)
events = T(
    "events", meta, key(), word("channel"), keyed("guard"), ref("line_id", "lines", null=True, gone="SET NULL"),
    ref("member_id", "members", null=True, gone="SET NULL"), word("kind"), text("body", None, null=True),
    ref("contribution_id", "contributions", null=True, gone="SET NULL"), word("answer", None, null=True),
    moment("at", null=False), moment("emptied_at"),
    sa.UniqueConstraint("channel", "guard"), sa.Index(None, "at"),
)
calls = T(
    "calls", meta, sa.Column("id", sa.String(64), primary_key=True), word("direction", "in"),
    ref("line_id", "lines", null=True, gone="SET NULL"), ref("member_id", "members", null=True, gone="SET NULL"),
    word("owner", None, null=True), ref("outbox_id", "outbox", null=True, gone="SET NULL"),
    moment("started_at"), moment("ended_at"),
)
call_steps = T(  # the answer to each step, kept ten minutes for a provider who asks again
    "call_steps", meta,
    sa.Column("call_id", sa.String(64), sa.ForeignKey("calls.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("step", sa.Integer, primary_key=True), text("answer"), moment("at"),
)
problems = T(
    "problems", meta, key(), ref("event_id", "events"), text("error"), moment("at", null=False),
    moment("replayed_at"),
)

# What they gave ----------------------------------------------------------------------------------
contributions = T(
    "contributions", meta, key(), ref("group_id", "groups"), word("flow"),
    ref("meeting_id", "meetings", null=True, gone="SET NULL"), ref("poll_id", "polls", null=True, gone="SET NULL"),
    word("channel", None, null=True),  # null where it was given without a name
    moment("at", null=False), text("text"), json("answers"), word("audience", "facilitators"),
    flag("unnamed"), text("shown_name"), flag("practice"), flag("helped"),
    word("hidden_reason", None, null=True), moment("hidden_at"), moment("taken_back_at"),
    sa.Index(None, "group_id", "at"),
)
given = T(
    "given", meta, ref("contribution_id", "contributions", primary=True), ref("member_id", "members"),
    sa.Index(None, "member_id"),
)
media = T(
    "media", meta, key(), word("kind"), word("state", "waiting"),  # waiting, stored, refused
    word("channel", None, null=True), sealed("ref"), text("type"), keyed("source_hash", null=True),
    sa.Column("sha256", sa.String(64), nullable=True), sa.Column("thumb_sha256", sa.String(64), nullable=True),
    count("bytes"), count("width"), count("height"), count("seconds"),
    text("words"), text("typed"), moment("heard_at"), text("name"), text("sentence"),
    count("tries"), moment("due_at"), word("leased_by", None, null=True), moment("leased_until"), moment("at"),
    sa.Index(None, "state", "due_at"),
)
contribution_media = T(
    "contribution_media", meta, ref("contribution_id", "contributions", primary=True),
    ref("media_id", "media", primary=True), count("position"), word("answer", None, null=True),
)
thanks = T(
    "thanks", meta, ref("contribution_id", "contributions", primary=True),
    ref("member_id", "members", primary=True), moment("at"),
)
replies = T(  # "You said, we did"
    "replies", meta, key(), ref("contribution_id", "contributions"), text("body"),
    ref("by_id", "members", null=True, gone="SET NULL"), moment("at"),
)
proposals = T(
    "proposals", meta, key(), ref("group_id", "groups"), ref("meeting_id", "meetings", null=True, gone="SET NULL"),
    text("body"), moment("at"),
)
backings = T(
    "backings", meta, ref("proposal_id", "proposals", primary=True), ref("member_id", "members", primary=True),
)
payments = T(
    "payments", meta, key(), ref("member_id", "members"), count("minutes"), count("pence"), text("note"),
    word("state", "offered"), moment("at"),
)

# Questions ---------------------------------------------------------------------------------------
polls = T(
    "polls", meta, key(), ref("group_id", "groups"), text("question"), flag("several"), count("most"),
    flag("secret"), flag("staff"), flag("grows"), word("state", "open"), text("decides"),
    moment("opened_at", null=False), moment("closes_at"), moment("closed_at"), json("result"),
    sa.Index(None, "group_id", "state"),
)
options = T(
    "options", meta, ref("poll_id", "polls", primary=True), sa.Column("key", sa.String(8), primary_key=True),
    count("position"), text("label"),
)
ballots = T(
    "ballots", meta, ref("poll_id", "polls", primary=True), ref("member_id", "members", primary=True),
    json("choices"), word("channel", None, null=True), moment("at"),
)
voted = T("voted", meta, ref("poll_id", "polls", primary=True), ref("member_id", "members", primary=True))

# Meetings and sendings ---------------------------------------------------------------------------
meetings = T(
    "meetings", meta, key(), ref("group_id", "groups"), text("title"), moment("at", null=False),
    word("state", "planned"), count("moves"), moment("created_at"),
)
briefs = T(
    "briefs", meta, key(), ref("meeting_id", "meetings"), text("title"), word("state", "planned"),
    moment("created_at"),
)
attachments = T(
    "attachments", meta, ref("brief_id", "briefs", primary=True), ref("media_id", "media", primary=True),
    count("position"), text("name"),
)
sendings = T(  # something that goes to many: claimed when due, expanded into outbox rows in slices
    "sendings", meta, key(), ref("group_id", "groups"), word("kind"),  # brief, poll, result, moved, cancelled
    sa.Column("subject_id", sa.String(40), nullable=False), word("before", ""),
    moment("due_at", null=False), moment("expires_at"), word("state", "waiting"),
    sa.Column("cursor", sa.String(40), nullable=False, default=""), word("leased_by", None, null=True),
    moment("leased_until"), moment("done_at"),
    sa.Index(None, "state", "due_at"),
)
reached = T(  # what became of a brief, a poll or a result for one member
    "reached", meta, sa.Column("kind", sa.String(20), primary_key=True),
    sa.Column("subject_id", sa.String(40), primary_key=True), ref("member_id", "members", primary=True),
    word("channel", None, null=True), word("state"), moment("at"), ref("outbox_id", "outbox", null=True, gone="SET NULL"),
)
outbox = T(
    "outbox", meta, key(), ref("line_id", "lines"), ref("member_id", "members", null=True),
    ref("group_id", "groups", null=True), word("channel"), word("class"),  # answer, notice
    sa.Column("dedupe_key", sa.String(120), nullable=False, unique=True),
    word("kind", "say"), sa.Column("subject_id", sa.String(40), nullable=True), text("body", None, null=True),
    word("state", "waiting"),  # waiting, sent, delivered, failed, dead, dropped
    count("progress"), count("tries"), moment("not_before", null=False), moment("expires_at"),
    moment("created_at", null=False), moment("sent_at"), text("provider_id", None, null=True),
    word("outcome", None, null=True), word("code", None, null=True), text("sentence"),
    ref("event_id", "events", null=True, gone="SET NULL"), flag("held"),
    sa.Index(None, "line_id", "state", "id"), sa.Index(None, "state", "not_before"),
    sa.Index(None, "provider_id"),
)
receipts = T(
    "receipts", meta, key(), ref("outbox_id", "outbox"), word("state"), word("code", None, null=True), moment("at"),
)
practice_posts = T(  # what a practice phone has received, as the provider would have taken it
    "practice_posts", meta, key(), ref("line_id", "lines"), json("parcel"), moment("at"), sa.Index(None, "line_id", "id"),
)

# Care --------------------------------------------------------------------------------------------
matters = T(  # what needs a person: words not understood or passed on, a wish for help, a name to type
    "matters", meta, key(), ref("group_id", "groups"), ref("member_id", "members", null=True),
    word("kind"), text("words"), text("question"), ref("contribution_id", "contributions", null=True),
    moment("at", null=False), moment("done_at"), ref("done_by", "members", null=True, gone="SET NULL"),
)
handovers = T(
    "handovers", meta, key(), ref("member_id", "members"), ref("helper_id", "members", null=True, gone="SET NULL"),
    moment("opened_at"), moment("closed_at"),
)
alerts = T(
    "alerts", meta, key(), ref("group_id", "groups"), ref("contribution_id", "contributions", null=True),
    ref("contact_id", "members", null=True, gone="SET NULL"), word("state"), moment("at"), moment("acknowledged_at"),
)
safe_words = T(
    "safe_words", meta, key(), ref("group_id", "groups", null=True), word("language"), text("phrase"),
)
checkins = T(
    "checkins", meta, key(), ref("member_id", "members"), moment("asked_at"), moment("answered_at"), json("answers"),
)

# Running it --------------------------------------------------------------------------------------
senders = T(  # one lane each: its pause, its pace, its spending
    "senders", meta, sa.Column("name", sa.String(60), primary_key=True), text("paused"), moment("paused_at"),
    moment("next_slot"), moment("probe_at"), text("seen"),
)
spending = T(
    "spending", meta, ref("group_id", "groups", primary=True), sa.Column("day", sa.String(10), primary_key=True),
    count("segments"), count("minutes"), flag("told"),
)
leases = T(
    "leases", meta, sa.Column("name", sa.String(60), primary_key=True), word("holder"), moment("until"),
)
sessions = T(
    "sessions", meta, key(), ref("member_id", "members"), keyed("token_hash", unique=True), moment("until"),
    moment("used_at"), moment("ended_at"),
)
audit = T(
    "audit", meta, key(), ref("group_id", "groups", null=True, gone="SET NULL"), word("who"), word("did"),
    sa.Column("subject", sa.String(60), nullable=True), text("why"), moment("at", null=False),
)
marks = T("marks", meta, sa.Column("name", sa.String(60), primary_key=True), text("value"))  # key check, cursors
