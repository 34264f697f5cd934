"""The fake Bot API with a member at the keyboard, to try a running Takepart against by hand."""

import argparse
import asyncio
import sys

from tests.fakes.telegram import BotApi


async def by_hand(port: int) -> None:
    """A member at the keyboard: typed lines are written to the bot, its messages are shown."""
    async with BotApi(port=port) as api:
        member = api.person("Member", 1)
        sys.stdout.write(f"TELEGRAM_API_URL={api.url} TELEGRAM_BOT_TOKEN={api.token}\n")
        shown = 0
        typed = asyncio.ensure_future(asyncio.to_thread(sys.stdin.readline))
        while True:
            await asyncio.wait([typed], timeout=0.2)
            for words in member.heard()[shown:]:
                sys.stdout.write(f"> {words}\n")
                shown += 1
            if typed.done():
                if not (line := typed.result()):
                    return
                member.writes(line.strip())
                typed = asyncio.ensure_future(asyncio.to_thread(sys.stdin.readline))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A Bot API server to try Takepart against.")
    parser.add_argument("--port", type=int, default=8081)
    asyncio.run(by_hand(parser.parse_args().port))
