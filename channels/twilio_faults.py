"""Twilio's error catalogue: every code that a message or call can end with, and what to do.

Codes and meanings are those of https://www.twilio.com/docs/api/errors. Sentences name no member.
"""

from aiohttp import ClientConnectorError, ClientError, ConnectionTimeoutError, InvalidURL
from twilio.base.exceptions import TwilioRestException, TwilioServiceException

from channels.base import Fault, Outcome, Result


class Busy(Exception):
    """HTTP 429, with the seconds that the answer asks us to wait."""

    def __init__(self, wait: float) -> None:
        super().__init__(f"asked to wait {wait:g} s")
        self.wait = wait


_ROWS: dict[Outcome, dict[str, str]] = {
    "ours": {
        "10001": "The Twilio account is not active. Look at the account in the Twilio console.",
        "20003": "Twilio refused our account SID and token. Check TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN.",
        "20005": "The Twilio account is not active. Look at the account in the Twilio console.",
        "20006": "The Twilio account may not do this. Look at its permissions in the Twilio console.",
        "20008": "These are Twilio's test credentials. Use the live ones.",
        "20404": "Twilio does not know this account. Check TWILIO_ACCOUNT_SID.",
        "21205": "Twilio could not use our web address. Check TAKEPART_PUBLIC_URL.",
        "21210": "Our number may not make calls. Check TWILIO_VOICE_NUMBER.",
        "21212": "Our number is not one that Twilio can send from. Check TWILIO_NUMBER.",
        "21213": "No number to ring from is set. Check TWILIO_NUMBER.",
        "21603": "No number to send from is set. Check TWILIO_NUMBER.",
        "21606": "Our number cannot send texts to this place. Check TWILIO_NUMBER in the Twilio console.",
        "21609": "Twilio could not use our web address for receipts. Check TAKEPART_PUBLIC_URL.",
        "21659": "Our number is not a Twilio number. Check TWILIO_NUMBER.",
        "21660": "Our number belongs to another Twilio account. Check TWILIO_NUMBER.",
        "21661": "Our number cannot send texts. Check TWILIO_NUMBER.",
        "30002": "The Twilio account is suspended. Look at the account in the Twilio console.",
        "30034": "Our number is not registered for texts to this country. Register it in the Twilio console.",
        "90010": "The Twilio account is not active. Look at the account in the Twilio console.",
    },
    "throttled": {
        "10004": "Too many calls at once for this Twilio account.",
        "14107": "Texts are being sent faster than Twilio allows.",
        "20429": "Twilio asks us to slow down.",
        "21611": "Twilio's queue for our number is full.",
        "30022": "Texts are being sent faster than the phone network allows.",
        "30023": "The phone network's limit for today is reached.",
        "63038": "The Twilio account's limit for today is reached.",
    },
    "retry": {
        "20500": "Twilio had a fault of its own.",
        "20503": "Twilio is away for the moment.",
        "30001": "Twilio's queue overflowed before the text was sent.",
        "30017": "The phone network is congested.",
        "30410": "The phone network did not answer Twilio in time.",
        "30500": "Twilio had a fault of its own.",
    },
    "unreachable": {
        "21211": "This is not a phone number that exists.",
        "21214": "This phone number cannot be rung.",
        "21217": "This is not a phone number that exists.",
        "21265": "This is a short code, which cannot receive texts from us.",
        "21612": "Twilio has no route for texts to this number.",
        "21614": "This number cannot receive texts; it may be a landline.",
        "21635": "This number is a landline and cannot receive texts.",
        "30003": "The phone was off or out of reach.",
        "30004": "The phone or its network blocks our texts.",
        "30005": "The number is not in use, or the phone is unknown to its network.",
        "30006": "The number is a landline, or its network cannot be reached.",
        "30008": "The phone network did not deliver the text and does not say why.",
        "30011": "The phone's network does not carry picture messages.",
    },
    "stopped": {
        "21610": "The person sent STOP to our number.",
    },
    "refused": {
        "20001": "Twilio could not read what we asked for.",
        "20002": "Twilio could not read what we asked for.",
        "20004": "Twilio does not allow what we asked for.",
        "21201": "No number to ring was given.",
        "21203": "Calls to this country are not switched on. See Voice geographic permissions.",
        "21215": "Calls to this number are not switched on. See Voice geographic permissions.",
        "21216": "Twilio does not allow calls to this number.",
        "21219": "A trial account can ring only numbers that were verified.",
        "21266": "The number is our own.",
        "21408": "Texts to this country are not switched on. See Messaging geographic permissions.",
        "21602": "The text was empty.",
        "21604": "No number to send to was given.",
        "21605": "The text was too long.",
        "21608": "A trial account can text only numbers that were verified.",
        "21617": "The text was too long.",
        "21619": "The message had neither words nor a picture.",
        "21620": "Twilio could not use the picture's address.",
        "21623": "There were too many pictures in one message.",
        "30007": "The phone network took the text for spam and dropped it.",
        "30010": "The text would have cost more than its price limit.",
        "30019": "The picture was too large for the phone network.",
    },
}

_NO_TEXTS = frozenset({"21614", "21635", "30006"})

FAULTS: dict[str, Fault] = {
    code: Fault(outcome, sentence, code in _NO_TEXTS)
    for outcome, rows in _ROWS.items()
    for code, sentence in rows.items()
}

_BY_STATUS: dict[int, Fault] = {
    401: FAULTS["20003"],
    403: FAULTS["20006"],
    404: FAULTS["20404"],
    408: Fault("retry", "Twilio did not get all of what we asked for in time."),
    429: FAULTS["20429"],
    # A gateway that lost patience does not know whether Twilio had taken the message already.
    504: Fault("unclear", "Twilio's gateway timed out; the message may have gone."),
}


def outcome(code: str, status: int = 0) -> Result:
    """What a Twilio error code means; where it is not in the catalogue, the HTTP status decides."""
    fault = FAULTS.get(code) or _BY_STATUS.get(status)
    if fault is None and status >= 500:
        fault = Fault("retry", "Twilio had a fault of its own.")
    if fault is None and 300 <= status < 400:
        fault = Fault("ours", "Twilio's address leads to another one. Check TWILIO_API_URL.")
    if fault is None:
        fault = Fault("refused", f"Twilio refused this with error {code or status}.")
    return Result(
        outcome=fault.outcome, sentence=fault.sentence, code=code or str(status), no_texts=fault.no_texts
    )


def outcome_of(error: Exception) -> Result:
    """What became of a message or call whose hand-over raised this.

    The line between "never left" and "unclear" matters: only the first may be sent again unasked.
    """
    if isinstance(error, Busy):
        return Result(outcome="throttled", sentence=FAULTS["20429"].sentence, code="429", wait=error.wait)
    if isinstance(error, TwilioRestException | TwilioServiceException):
        return outcome(str(error.code or ""), error.status)
    if isinstance(error, InvalidURL):
        return Result(outcome="ours", sentence="Twilio's address is wrong. Check TWILIO_API_URL.")
    if isinstance(error, ConnectionTimeoutError | ClientConnectorError):
        return Result(outcome="retry", sentence="Twilio could not be reached.")
    if isinstance(error, TimeoutError):
        return Result(outcome="unclear", sentence="Twilio did not answer in time; it may have gone.")
    if isinstance(error, ClientError | OSError | ValueError):
        return Result(outcome="unclear", sentence="Twilio's answer was lost; it may have gone.")
    name = type(error).__name__
    return Result(outcome="refused", sentence=f"It could not be handed to Twilio ({name}).", code=name)
