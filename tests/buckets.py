"""An S3 of the tests' own, in this process, with a fresh bucket for each test that asks for one."""

import itertools
import logging
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from aiohttp import ClientSession
from pydantic import SecretStr

from storage.files.media_bucket import Access, Bucket

_NAMES = (f"takepart-{n}" for n in itertools.count(1))


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeS3:
    """Where it listens, and the address of the bucket as a setting has it."""

    endpoint: str
    url: str

    @property
    def settings(self) -> dict[str, str]:
        """What an installation with this bucket sets."""
        return {
            "TAKEPART_MEDIA_URL": self.url,
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
        }

    def place(self, url: str = "", endpoint: str = "") -> Bucket:
        """The bucket, or another one, or the same at another address."""
        access = Access(key_id="test", secret=SecretStr("test"), endpoint=endpoint or self.endpoint)
        return Bucket(url or self.url, access)


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    from moto.server import ThreadedMotoServer  # slow to load, and few tests need it

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
async def s3(s3_server: str) -> FakeS3:
    name = next(_NAMES)
    async with ClientSession() as session, session.put(f"{s3_server}/{name}") as answer:
        assert answer.status == 200, "the fake S3 makes no bucket"
    return FakeS3(endpoint=s3_server, url=f"s3://{name}/media")
