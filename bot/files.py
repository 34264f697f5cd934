"""Where this installation keeps photos and recordings, and keeping one that staff give."""

from collections.abc import Callable
from datetime import datetime

from bot.settings import Settings
from storage.database import Database
from storage.files import fetches
from storage.files.media import MediaStore
from storage.files.media_folder import Folder
from storage.files.prepared import Refused
from storage.members.groups import Complaint


async def keep_file(
    db: Database,
    store: MediaStore,
    data: bytes,
    *,
    name: str,
    called: str,
    ids: Callable[[], str],
    now: datetime,
) -> str:
    """Clean and store a file like any that a member sends; the id of its row. Raise Complaint.

    `name` is kept with it; `called` is what a complaint calls it.
    """
    from storage.files.cleaning import prepare  # what opens pictures is slow to load

    try:
        prepared = await prepare(data, "file")
    except Refused as error:
        raise Complaint(f"{called} cannot go along: {error.sentence}") from None
    saved, kept = await store.keep(prepared), ids()
    async with db.write() as conn:
        await fetches.add_stored(conn, kept, saved, now=now, name=name)
    return kept


def media_store(settings: Settings) -> MediaStore:
    """The bucket that is set, or else the folder `media` in the data folder."""
    if settings.media_url is None:
        return MediaStore(Folder(settings.data_dir / "media"))
    from storage.files.media_bucket import Access, Bucket  # a large library, which a folder has no use for

    access = Access(
        key_id=settings.aws_access_key_id,
        secret=settings.aws_secret_access_key,
        region=settings.aws_region,
        endpoint=settings.aws_endpoint_url,
    )
    return MediaStore(Bucket(settings.media_url, access))
