"""Groups, their members, the lines members use, and how each member uses each line."""

import sqlalchemy as sa

from storage.columns import count, flag, json, key, keyed, meta, moment, ref, sealed, some, text, word

groups = sa.Table(
    "groups",
    meta,
    key(),
    sa.Column("code", sa.String(20), nullable=False, unique=True),
    sa.Column("number", sa.String(4), nullable=False, unique=True),  # four digits to key on a phone
    text("name"),
    text("outside_name", "Takepart"),
    word("zone", "Europe/London"),
    word("hours", "9-20"),
    word("language", "en"),
    sa.Column("helper_id", sa.String(40), nullable=True),
    sealed("helper_phone"),
    json("settings"),  # of its rules, what differs from the defaults
    json("wordings"),  # the version of its own wording by purpose: the words are texts "consent:VERSION"
    count("daily_segments", 2000),  # what it may spend on texts and calls in a day; 0 for no limit
    count("daily_minutes", 600),
    flag("practice"),
    count("version"),  # goes up when anything that a turn reads of the group changes
    moment("created_at", null=False),
)
# Every text that somebody writes, by language and form (plain, easy, spoken).
texts = sa.Table(
    "texts",
    meta,
    sa.Column("owner", sa.String(60), primary_key=True),  # "brief:ID", "poll:ID", "consent:ID"
    sa.Column("language", sa.String(12), primary_key=True),
    sa.Column("form", sa.String(12), primary_key=True),
    text("body"),
    moment("at"),
)
flow_versions = sa.Table(
    "flow_versions",
    meta,
    sa.Column("version", sa.String(64), primary_key=True),
    word("flow"),
    ref("group_id", "groups", null=True),
    text("body"),
    moment("at"),
)
rooms = sa.Table(  # group chats on Telegram; the word is one-time and kept as a hash
    "rooms",
    meta,
    key(),
    ref("group_id", "groups"),
    keyed("word_hash", null=True),
    moment("word_until"),
    sealed("address"),
    keyed("address_hash", unique=True, null=True),
    moment("linked_at"),
)
room_posts = sa.Table(  # where a poll stands in a group chat, so that its count can be kept up to date
    "room_posts",
    meta,
    key(),
    ref("room_id", "rooms"),
    ref("poll_id", "polls"),
    word("message_id"),
    moment("at"),
)

members = sa.Table(
    "members",
    meta,
    key(),
    ref("group_id", "groups"),
    word("permission", "member"),
    word("state", "active"),  # active, paused, stopped, joined, left, erased
    # The member whom a joined one is the same person as. No key to the same table: rows come in any order.
    sa.Column("joined_to", sa.String(40), nullable=True),
    text("name"),
    ref("name_media", "media", null=True, gone="SET NULL"),
    sa.Column("number", sa.String(4), nullable=True),
    text("pin_hash", None, null=True),
    word("language", "en"),
    word("form", "plain"),
    flag("more_time"),
    flag("slower"),
    flag("never_named"),
    flag("never_ring"),
    flag("never_first"),
    word("hours", None, null=True),
    word("days", ""),  # on which of them we may write or ring, such as "mon tue"; "" for all
    count("a_week", None, null=True),  # how many messages that we start; the group's rule where there is none
    flag("lower"),  # a lower voice on the phone
    flag("practice"),
    word("handover", None, null=True),  # the id of the open one, while a person helps them
    flag("read_back"),  # something was entered for them that they have not heard yet
    moment("paused_until"),
    moment("stopped_at"),
    moment("joined_at"),
    moment("left_at"),
    moment("heard_at"),
    moment("checked_in_at"),
    json("agreed"),  # the version of the wording that stands, by purpose; `consents` has when and how
    moment("ended_at"),  # when two people ended the membership
    sa.UniqueConstraint("group_id", "number"),
    sa.Index(None, "group_id", "id"),
    # Of those who are joined alone: nearly nobody is, and each turn looks for them.
    some("joined_to"),
    some("name_media"),
)
standings = sa.Table(
    "standings",
    meta,
    ref("member_id", "members", primary=True),
    sa.Column("standing", sa.String(20), primary_key=True),
)
lines = sa.Table(
    "lines",
    meta,
    key(),
    word("kind"),  # telegram, phone, practice
    sealed("address"),
    keyed("address_hash", unique=True),
    moment("stopped_at"),
    sa.Column("takes_texts", sa.Boolean, nullable=True),
    moment("failing_since"),
    ref("at_member", "members", null=True, gone="SET NULL"),
    moment("at_until"),
    # the lane's side: when its head is due, who holds it and until when, how long its provider has us wait,
    # and when its own pace lets the next one go
    moment("due_at"),
    word("leased_by", None, null=True),
    moment("leased_until"),
    moment("wait_until"),
    moment("next_slot"),
    moment("created_at"),
    some("at_member"),
)
reaches = sa.Table(
    "reaches",
    meta,
    key(),
    ref("member_id", "members"),
    ref("line_id", "lines"),
    word("channel"),
    count("rank"),
    flag("may_start", True),
    flag("greet_by_name"),
    flag("leave_message"),
    flag("write_anything"),
    moment("proved_at"),
    moment("heard_at"),
    moment("failing_since"),
    moment("retired_at"),
    sa.UniqueConstraint("member_id", "line_id", "channel"),
    sa.Index(None, "line_id"),
)
needs = sa.Table(
    "needs",
    meta,
    key(),
    ref("member_id", "members"),
    word("kind"),
    text("words"),
    moment("asked_on"),
    sa.Column("met", sa.Boolean, nullable=True),
    text("why"),
    moment("review_on"),
    sa.Index(None, "member_id"),
)
preferences = sa.Table(
    "preferences",
    meta,
    ref("member_id", "members", primary=True),
    sa.Column("name", sa.String(40), primary_key=True),
    text("value"),
    moment("at"),
)
unwanted = sa.Table(  # what we may not start, by channel and purpose; no purpose is all of them
    "unwanted",
    meta,
    ref("member_id", "members", primary=True),
    sa.Column("channel", sa.String(20), primary_key=True),
    sa.Column("purpose", sa.String(20), primary_key=True),
)
supporters = sa.Table(
    "supporters",
    meta,
    key(),
    ref("member_id", "members"),
    text("name"),
    json("purposes"),  # words, votes
    ref("line_id", "lines", null=True, gone="SET NULL"),
    keyed("code_hash", null=True),  # what their phone is known by, until it was sent
    moment("code_until"),
    moment("until"),
    moment("ended_at"),
    sa.Index(None, "member_id"),
    sa.Index(None, "line_id"),
    sa.Index(None, "code_hash"),
)
consents = sa.Table(
    "consents",
    meta,
    key(),
    ref("member_id", "members"),
    word("purpose"),
    word("wording"),
    word("language"),
    word("form"),
    word("channel"),
    moment("at", null=False),
    moment("withdrawn_at"),
    sa.Index(None, "member_id"),
)
invitations = sa.Table(
    "invitations",
    meta,
    key(),
    ref("group_id", "groups"),
    keyed("code_hash", unique=True),
    text("name"),
    moment("until"),
    moment("used_at"),
)
link_codes = sa.Table(
    "link_codes",
    meta,
    key(),
    ref("member_id", "members"),
    word("kind", "link"),  # link: another line of theirs; back: a new line for those they had
    keyed("code_hash"),
    moment("until"),
    moment("used_at"),
    sa.Index(None, "member_id"),
    sa.Index(None, "code_hash"),
)
guesses = sa.Table(  # wrong codes and PINs of the last day, so that nobody can go on guessing
    "guesses",
    meta,
    key(),
    word("what"),
    sa.Column("by", sa.String(80), nullable=False),  # a line, a call, or the member who was guessed at
    moment("at", null=False),
    sa.Index(None, "what", "by", "at"),
)
joined_members = sa.Table(  # two members found to be one person; can be undone for 30 days
    "joined_members",
    meta,
    key(),
    ref("kept_id", "members"),
    ref("other_id", "members"),
    json("before"),
    moment("at"),
    moment("undone_at"),
)
