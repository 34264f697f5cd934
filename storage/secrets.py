"""What keeps members' addresses from whoever reads the database: sealing, keyed hashes, signatures.

Everything is derived from the one secret key, each purpose with a key of its own, so that no two can
be mixed up and every process derives the same.
"""

import base64
import hashlib
import hmac
import os
from datetime import timedelta

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from itsdangerous import BadSignature, TimestampSigner
from pydantic import SecretStr

from storage.database import Database, StorageError, upsert
from storage.tables import marks

VERSION = b"\x01"  # of the sealed form: version, nonce, ciphertext with its tag
NONCE = 12  # bytes, NIST SP 800-38D
KEY_MARK = "key"


class WrongKey(StorageError):
    """The database was written with another secret key."""


class Unsealable(Exception):
    """A sealed value is not ours or was changed."""


class Unsigned(Exception):
    """A signed value is not ours, was changed, or is too old."""


class Secrets:
    """Seals, hashes and signs with what is derived from the secret key."""

    def __init__(self, key: SecretStr) -> None:
        self._key = key.get_secret_value().encode()
        self._aes = AESGCM(self._bytes("seal"))
        self._hashing = self._bytes("hash")
        self._signer = TimestampSigner(self._bytes("sign"), digest_method=hashlib.sha256)

    def seal(self, text: str) -> bytes:
        """Encrypt; the same text is never sealed alike twice."""
        nonce = os.urandom(NONCE)
        return VERSION + nonce + self._aes.encrypt(nonce, text.encode(), VERSION)

    def open(self, sealed: bytes) -> str:
        """Give a sealed text back; raise Unsealable."""
        version, nonce, rest = sealed[:1], sealed[1 : 1 + NONCE], sealed[1 + NONCE :]
        try:
            return self._aes.decrypt(nonce, rest, version).decode()
        except (InvalidTag, ValueError) as error:
            raise Unsealable("A sealed value cannot be opened with this key.") from error

    def hash(self, text: str, purpose: str) -> bytes:
        """32 bytes by which a text is found again; the same text has another hash for another purpose."""
        return hmac.digest(self._hashing, f"{purpose}\0{text}".encode(), "sha256")

    @property
    def check(self) -> str:
        """By what it is told whether data goes with this key."""
        return self.hash("takepart", "key check").hex()

    def sign(self, value: str) -> str:
        """Put the time and a signature behind a value; what comes out fits in an address."""
        return self._signer.sign(value).decode()

    def unsign(self, signed: str, *, most: timedelta) -> str:
        """Give back a value that we signed at most so long ago; raise Unsigned."""
        try:
            return self._signer.unsign(signed, max_age=int(most.total_seconds())).decode()
        except (BadSignature, UnicodeError) as error:
            raise Unsigned("A signature is wrong or too old.") from error

    def derive(self, purpose: str) -> str:
        """A secret of 43 characters A-Z a-z 0-9 _ - that every process with this key agrees on."""
        return base64.urlsafe_b64encode(self._bytes("derive " + purpose)).rstrip(b"=").decode()

    def _bytes(self, purpose: str) -> bytes:
        return HKDF(hashes.SHA256(), 32, salt=None, info=b"takepart " + purpose.encode()).derive(self._key)


async def check_key(db: Database, secrets: Secrets) -> None:
    """Leave the key's check value in a new database; raise WrongKey where another key left it."""
    ours = secrets.check
    async with db.read() as conn:
        theirs = await conn.scalar(sa.select(marks.c.value).where(marks.c.name == KEY_MARK))
    if theirs is None:
        async with db.write() as conn:
            await conn.execute(upsert(conn, marks).values(name=KEY_MARK, value=ours).on_conflict_do_nothing())
            theirs = await conn.scalar(sa.select(marks.c.value).where(marks.c.name == KEY_MARK))
    if not hmac.compare_digest(theirs or "", ours):
        raise WrongKey(
            "This database was written with another secret key: put that one back in TAKEPART_SECRET_KEY, "
            "or its file secret.key in TAKEPART_DATA_DIR."
        )
