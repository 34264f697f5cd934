"""Where this installation keeps photos and recordings."""

from bot.settings import Settings
from storage.files.media import MediaStore
from storage.files.media_folder import Folder


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
