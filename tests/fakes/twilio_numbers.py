"""The fake Twilio's numbers: what each carries, where it sends what comes, and who takes its texts."""

from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.fakes.twilio_parts import ApiError

if TYPE_CHECKING:
    from tests.fakes.twilio import FakeTwilio

SETTABLE = {
    "SmsUrl": "sms_url",
    "SmsMethod": "sms_method",
    "VoiceUrl": "voice_url",
    "VoiceMethod": "voice_method",
    "StatusCallback": "status_callback",
    "StatusCallbackMethod": "status_callback_method",
}
SERVICE = "MG" + "0" * 31 + "1"


class Numbers:
    """The resources of numbers. `set` is what each says but for its name; `service` takes their texts."""

    def __init__(self, twilio: "FakeTwilio") -> None:
        self._twilio = twilio
        self.set: dict[str, dict[str, Any]] = {}
        self.others: list[str] = []  # numbers of the account that are not ours
        self.service: dict[str, Any] = {}

    async def listed(self, request: web.Request) -> web.StreamResponse:
        """GET IncomingPhoneNumbers.json. As at Twilio, a number is found by any part of it."""
        asked = request.query.get("PhoneNumber", "").strip("+ ")
        size, page = self._twilio.page_most, int(request.query.get("Page", "0"))
        found = [self._resource(number) for number in self._all() if asked in number]
        more = str(request.rel_url.update_query(Page=page + 1)) if len(found) > (page + 1) * size else None
        rows = found[page * size : (page + 1) * size]
        return web.json_response({"incoming_phone_numbers": rows, "page": page, "next_page_uri": more})

    async def update(self, request: web.Request) -> web.StreamResponse:
        """POST IncomingPhoneNumbers/SID.json."""
        number = self._found(request.match_info["number"])
        for name, value in (await request.post()).items():
            self.set.setdefault(number, {})[SETTABLE[name]] = value
        return web.json_response(self._resource(number))

    async def services(self, request: web.Request) -> web.StreamResponse:
        """GET /v1/Services of the messaging API."""
        return self._page("services", [{"sid": SERVICE} | self.service] if self.service else [])

    async def members(self, request: web.Request) -> web.StreamResponse:
        """GET the numbers of a messaging service."""
        numbers = [self._resource(number) for number in self._all()]
        return self._page("phone_numbers", numbers if request.match_info["service"] == SERVICE else [])

    def _all(self) -> list[str]:
        return [*self.others, *dict.fromkeys((self._twilio.number, self._twilio.voice_number))]

    def _resource(self, number: str) -> dict[str, Any]:
        usual = {
            "sid": f"PN{self._all().index(number) + 1:032x}",
            "phone_number": number,
            "capabilities": self._twilio.abilities,
            "sms_url": "https://demo.twilio.com/welcome/sms/reply",
            "sms_method": "POST",
            "sms_fallback_url": "",
            "sms_application_sid": "",
            "voice_url": "https://demo.twilio.com/welcome/voice/",
            "voice_method": "POST",
            "voice_fallback_url": None,
            "voice_application_sid": None,
            "status_callback": "",
            "status_callback_method": "POST",
            "trunk_sid": None,
        }
        return usual | self.set.get(number, {})

    def _found(self, sid: str) -> str:
        for number in self._all():
            if self._resource(number)["sid"] == sid:
                return number
        raise ApiError(404, 20404, "The requested resource was not found")

    def _page(self, key: str, rows: list[dict[str, Any]]) -> web.Response:
        return web.json_response({key: rows, "meta": {"key": key, "next_page_url": None}})
