"""Opens everything that is kept, in the order in which it must happen."""

from storage.database import Database
from storage.migrations import migrate
from storage.secrets import Secrets, check_key


async def open_store(url: str, secrets: Secrets) -> Database:
    """Open, migrate, and see that the key is this database's; raise StorageError."""
    db = await Database.open(url)
    try:
        await migrate(db)
        await check_key(db, secrets)
    except BaseException:
        await db.close()
        raise
    return db
