"""Secrets: what the database holds of an address is of no use without the key."""

import re
from datetime import timedelta

import pytest
from pydantic import SecretStr

from storage.database import Database
from storage.secrets import Secrets, Unsealable, Unsigned, WrongKey, check_key

OTHER = Secrets(SecretStr("quite another key"))
ADDRESS = "phone:+441632960001"


def test_a_sealed_address_opens_again_and_never_looks_alike(secrets: Secrets) -> None:
    first, second = secrets.seal(ADDRESS), secrets.seal(ADDRESS)
    assert secrets.open(first) == secrets.open(second) == ADDRESS
    assert first != second
    assert b"960001" not in first


@pytest.mark.parametrize(
    "harm", [lambda b: b[:-1], lambda b: b"\x02" + b[1:], lambda b: b"", lambda b: b[:5]]
)
def test_a_changed_seal_is_refused(secrets: Secrets, harm: object) -> None:
    assert callable(harm)
    with pytest.raises(Unsealable):
        secrets.open(harm(secrets.seal(ADDRESS)))


def test_another_key_opens_and_finds_nothing(secrets: Secrets) -> None:
    with pytest.raises(Unsealable):
        OTHER.open(secrets.seal(ADDRESS))
    assert OTHER.hash(ADDRESS, "address") != secrets.hash(ADDRESS, "address")


def test_a_hash_finds_the_same_address_for_the_same_purpose_only(secrets: Secrets) -> None:
    assert secrets.hash(ADDRESS, "address") == secrets.hash(ADDRESS, "address")
    assert secrets.hash(ADDRESS, "address") != secrets.hash(ADDRESS, "guard")
    assert len(secrets.hash(ADDRESS, "address")) == 32


def test_a_link_is_good_until_it_is_too_old(secrets: Secrets) -> None:
    link = secrets.sign("media-id")
    assert secrets.unsign(link, most=timedelta(minutes=5)) == "media-id"
    with pytest.raises(Unsigned):
        secrets.unsign(link, most=timedelta(seconds=-1))


@pytest.mark.parametrize("link", ["", "media-id", "media-id.aaaa.bbbb", "ü.ü.ü"])
def test_a_made_up_link_is_refused(secrets: Secrets, link: str) -> None:
    with pytest.raises(Unsigned):
        secrets.unsign(link, most=timedelta(days=1))


def test_every_process_derives_the_same_webhook_secret(secrets: Secrets) -> None:
    assert secrets.derive("telegram") == Secrets(
        SecretStr("a key made up for tests, long enough to be good")
    ).derive("telegram")
    assert secrets.derive("telegram") != secrets.derive("other")
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,256}", secrets.derive("telegram"))


async def test_another_key_than_the_databases_is_refused_in_one_sentence(
    db: Database, secrets: Secrets
) -> None:
    await check_key(db, secrets)
    with pytest.raises(WrongKey, match="another secret key"):
        await check_key(db, OTHER)


def test_a_secret_does_not_show_itself(secrets: Secrets) -> None:
    assert "made up" not in repr(vars(secrets)["_signer"])
