"""How an address is stored: sealed, and found again by a keyed hash; one line for texts and calls."""

from datetime import datetime
from typing import Any

from storage.secrets import Secrets

PRACTICE = "practice:"  # a practice phone's address begins so, on whatever channel it speaks


def kind_of(channel: str, address: str) -> str:
    """What kind of line it is: telegram, phone or practice."""
    if address.startswith(PRACTICE):
        return "practice"
    return "telegram" if channel == "telegram" else "phone"


def hash_of(secrets: Secrets, channel: str, address: str) -> bytes:
    """By what the line is found. A number is one line, whether it texts or calls."""
    return secrets.hash(f"{kind_of(channel, address)}:{address}", "line")


def guard_of(secrets: Secrets, address: str, id: str) -> bytes:
    """By what a repeat of an event is known: the provider's id within its sender."""
    return secrets.hash(f"{address}\0{id}", "event")


def row(secrets: Secrets, *, id: str, channel: str, address: str, now: datetime) -> dict[str, Any]:
    """A new line's columns."""
    return {
        "id": id,
        "kind": kind_of(channel, address),
        "address": secrets.seal(address),
        "address_hash": hash_of(secrets, channel, address),
        "created_at": now,
    }
