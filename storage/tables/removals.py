"""What a provider still holds and is to remove, and lines that somebody leaves behind."""

import sqlalchemy as sa

from storage.columns import count, meta, moment, sealed, text, word

removals = sa.Table(
    "removals",
    meta,
    sa.Column("id", sa.String(80), primary_key=True),  # kind and the id of what it comes from: once is enough
    word("kind"),  # file, message, call, line
    sealed("ref"),  # a file's address at the provider, or a line's own
    text("sid", None, null=True),  # the provider's id of a message or call
    # No foreign key: it says what to look for, and outlives it.
    sa.Column("line_id", sa.String(40), nullable=True),
    count("tries"),
    text("sentence"),
    moment("at", null=False),
    moment("due_at", null=False),
    moment("leased_until"),
    sa.Index(None, "due_at"),
)
