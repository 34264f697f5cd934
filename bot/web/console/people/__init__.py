"""People: who takes part and how, what they need, who asks to be let in, and doing things for them."""

from bot.web.console.people.door import PAGES as DOOR
from bot.web.console.people.entering import PAGES as ENTERING
from bot.web.console.people.inviting import PAGES as INVITING
from bot.web.console.people.leaving import PAGES as LEAVING
from bot.web.console.people.listed import PAGES as LISTED
from bot.web.console.people.one import PAGES as ONE
from bot.web.console.people.wishes import PAGES as WISHES

PAGES = (*LISTED, *DOOR, *INVITING, *ONE, *WISHES, *ENTERING, *LEAVING)
