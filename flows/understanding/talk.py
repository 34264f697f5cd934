"""The small words of replies: what people say around an answer, and the many ways of yes and no."""

from flows.understanding.tokens import listed

SMALL = listed(  # in labels and replies alike: they never tell one option from another
    "a an the i we it its of to at in on by with for from and my our me us is are am be do does did "
    "will would can could that thats this there"
)
CHATTER = SMALL | listed(
    "please pls plz plse thanks thank thx you ta cheers ok okay k well so oh ah um umm uhm erm er uh hm hmm "
    "think reckon guess suppose say said im id ill ive like love want choose chose pick picked prefer take "
    "go going have put vote voted option number num nr choice answer one ones thing "
    "hi hello hey dear duck mate darling x xx really very quite pretty just definitely probably "
    "about around roughly tricky only was were felt feel feels feeling been has had them these those some "
    "then"
)
CHOOSING = listed(  # of these, what stands around a number that is written as a word and is a choice
    "please pls plz plse thanks thank thx you ta cheers ok okay k well so oh ah um umm uhm erm er uh hm hmm "
    "i id ill im think reckon guess suppose say like love want choose chose pick picked prefer take go going "
    "with for vote voted option number num nr choice answer it its is my would will the be to definitely "
    "probably really just then x xx xxx"
)
COUNTED = listed("you us we they them these those")  # before a number it says how many there are
CHATTER_PHRASES = tuple(
    tuple(phrase.split())
    for phrase in ("that is all", "thats all", "of the above", "as well", "thank you", "that one")
)
CHATTER_BEGINS = frozenset(words[0] for words in CHATTER_PHRASES)

REASONS = listed("because as since cos coz cause cus bc so due")
_WHO = listed(
    "i im ive id ill it its we were weve they theyre he hes she shes you youre there theres that thats "
    "this the my our"
)
REASON_GOES_ON = {"as": _WHO, "so": _WHO, "due": listed("to")}  # not "as well", not "so so"

LETTER_PREFIXES = listed("option letter answer choice")
JOINERS = listed("and or & + , ; / .") | {"\n"}
ALL = listed("all everything every each")
ANY = listed("any either whichever whatever anything")
NONE = listed("none neither nothing")
DOUBTS = listed("maybe perhaps possibly dunno idk unsure not")
NOT_SURE = DOUBTS | listed("sure know mind fussed bothered yet")
NEGATIONS = listed("not no never nor neither without except but none nothing")
VAGUE = CHATTER | NEGATIONS | listed("more less other others else much many time thing things lot")

YES = (
    *("yes", "y", "ye", "yeah", "yep", "yup", "yea", "yess", "yes please", "ok", "okay", "k", "sure"),
    *("sure thing", "aye", "certainly", "absolutely", "definitely", "definately", "indeed", "of course"),
    *("please do", "go on", "go on then", "go ahead", "why not", "i do", "i am", "i will", "i would"),
    *(
        "i can",
        "i have",
        "i suppose so",
        "i guess so",
        "sounds good",
        "no problem",
        "no worries",
        "id love to",
        "thats right",
    ),
    *("that is right", "correct", "agreed", "i agree", "thats fine", "ie", "👍", "👌", "✅", "✔", "✓"),
)
NO = (
    *("no", "n", "nope", "nop", "nah", "nay", "na", "no thank you", "no thanks", "no ta", "not really"),
    *("not at all", "not for me", "not today", "not this time", "not interested", "no way", "never"),
    *("i dont", "i do not", "im not", "i am not", "i wont", "i will not", "i cant", "i can not"),
    *("i havent", "i have not", "i wouldnt", "i would not", "dont", "do not", "please dont"),
    *("definitely not", "absolutely not", "certainly not", "of course not", "rather not"),
    *("id rather not", "i would rather not", "prefer not to", "nage", "👎", "❌", "✗", "✘"),
)

COURTESIES = listed(
    "thank thanks thankyou thx ty ta cheers ok okay great lovely brilliant perfect bye goodbye 👍 🙏 ❤ 😊 🙂"
)
COURTEOUS = COURTESIES | listed(
    "you very much so good night morning evening afternoon day all and for now that thats it your help dear "
    "love x xx xxx see soon then well nice kind of have a"
)

HEARD_AS_NUMBERS = {"to": 2, "too": 2, "for": 4, "fore": 4, "won": 1, "ate": 8, "tree": 3, "free": 3}

_COMMANDS = {
    "MENU": ("menu", "main menu", "the menu"),
    "BACK": ("back", "go back"),
    "REPEAT": ("repeat", "say again", "again", "say that again", "repeat that", "pardon"),
    "LATER": ("later", "not now", "carry on later", "maybe later"),
    "UNDO": ("undo", "take it back", "take that back", "undo that"),
    "HELP": ("help", "help me", "info", "?"),
    "MORE": ("more", "read more", "tell me more"),
}
COMMANDS = {way: name for name, ways in _COMMANDS.items() for way in ways}  # what is said: the command
POLITE = ("please", "pls", "plz", "thanks", "thank you")

STOP = listed("stop stopall unsubscribe cancel end quit optout revoke")
START = listed("start yes unstop")
HELP = listed("help info")
