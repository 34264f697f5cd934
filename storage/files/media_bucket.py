"""Files in a bucket of S3, or of anything that speaks like it."""

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from obstore.exceptions import BaseError
from obstore.store import S3Store
from pydantic import SecretStr

from storage.files.media_place import Away

if TYPE_CHECKING:  # the library has these for type checkers alone
    from obstore.store import ClientConfig, RetryConfig, S3Config

PIECE = 1024 * 1024  # bytes
# Whoever waits for a file is told soon that it can't be had; what must be kept is tried again anyway.
CLIENT: "ClientConfig" = {"connect_timeout": timedelta(seconds=5), "timeout": timedelta(seconds=30)}
RETRIES: "RetryConfig" = {"max_retries": 2, "retry_timeout": timedelta(seconds=10)}

_CODE = re.compile(r"<Code>(\w{1,60})</Code>")
_REGION = "The bucket for photos and recordings is in another region: see that AWS_REGION is its own."
_SENTENCES = {
    "AccessDenied": "The bucket refuses photos and recordings: let its user read, write and delete there.",
    "AuthorizationHeaderMalformed": _REGION,
    "InvalidAccessKeyId": "The bucket does not know our key: see that AWS_ACCESS_KEY_ID is right.",
    "NoSuchBucket": "The bucket is not there: make the one that TAKEPART_MEDIA_URL names, or name another.",
    "PermanentRedirect": _REGION,
    "RequestTimeTooSkewed": "The bucket says that this computer's clock is wrong: set it.",
    "SignatureDoesNotMatch": "The bucket does not accept our key: see that AWS_SECRET_ACCESS_KEY is right.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What is set of the usual AWS_ names; the rest is left to where such programs look for it."""

    key_id: str | None = None
    secret: SecretStr | None = None
    region: str | None = None
    endpoint: str | None = None


class Bucket:
    """A place for files. `url` is `s3://bucket/prefix`; nothing is asked until the first file."""

    def __init__(self, url: str, access: Access) -> None:
        plain = (access.endpoint or "").startswith("http://")
        client: ClientConfig = {**CLIENT, "allow_http": True} if plain else CLIENT
        self._store = S3Store.from_url(
            url, config=_config(access), client_options=client, retry_config=RETRIES
        )

    async def put(self, name: str, data: bytes) -> None:
        with _telling(found=False):
            await self._store.put_async(name, data, use_multipart=False)

    async def get(self, name: str) -> bytes:
        with _telling():
            return bytes(await (await self._store.get_async(name)).bytes_async())

    async def read(self, name: str) -> AsyncIterator[bytes]:
        with _telling():
            async for piece in (await self._store.get_async(name)).stream(min_chunk_size=PIECE):
                yield bytes(piece)

    async def has(self, name: str) -> bool:
        try:
            with _telling():
                await self._store.head_async(name)
        except FileNotFoundError:
            return False
        return True

    async def delete(self, name: str) -> None:
        with _telling(found=False):
            await self._store.delete_async(name)


def _config(access: Access) -> "S3Config":
    # Not every service that speaks like S3 deletes in bulk.
    config: S3Config = {"disable_bulk_delete": True}
    if access.key_id:
        config["access_key_id"] = access.key_id
    if access.secret:
        config["secret_access_key"] = access.secret.get_secret_value()
    if access.region:
        config["region"] = access.region
    if access.endpoint:
        config["endpoint"] = access.endpoint
    return config


@contextmanager
def _telling(*, found: bool = True) -> Iterator[None]:
    """Say in our own words what went wrong: the library's hold addresses, and perhaps more.

    Unless it must be `found`, what is missing is no file but the bucket.
    """
    try:
        yield
    except (BaseError, OSError) as error:
        code = _CODE.search(str(error))
        word = code[1] if code else type(error).__name__
        if found and isinstance(error, FileNotFoundError) and word != "NoSuchBucket":
            raise
        raise Away(_SENTENCES.get(word) or _any(word)) from None


def _any(word: str) -> str:
    return (
        f"The bucket for photos and recordings cannot be used ({word}): see that TAKEPART_MEDIA_URL, "
        "AWS_ENDPOINT_URL and the keys are right, and that the network is there."
    )
