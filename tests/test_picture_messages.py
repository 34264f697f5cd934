"""Picture messages both ways, through the real program, where the number carries them."""

import io

from aiohttp import ClientSession
from PIL import Image

from tests.world import ADA, BEN, World


def picture() -> bytes:
    out = io.BytesIO()
    Image.effect_noise((640, 480), 60).convert("RGB").save(out, "JPEG")
    return out.getvalue()


async def test_a_photo_shared_by_text_reaches_the_others_by_text(world: World) -> None:
    await world.group()
    await world.joined(ADA)
    await world.joined(BEN, name="Ben")
    await world.texts(ADA, "thought")
    await world.twilio.text(ADA, "The step at the door", media=[(picture(), "image/jpeg")])
    await world.twilio.next_text(ADA, after=4)
    await world.texts(ADA, "2")
    await world.until("SELECT 1 FROM media WHERE state = 'stored'")
    await world.texts(BEN, "others")
    (sent,) = [text for text in world.twilio.texts if text.to == BEN and text.media]
    async with ClientSession() as session, session.get(sent.media[0]) as answer:
        shown = Image.open(io.BytesIO(await answer.read()))
    assert shown.size == (640, 480)
