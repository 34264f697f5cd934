"""Settings: the group and its rules, who runs it, what people agree to, safety, and the flows in use."""

from bot.web.console.settings.consent import PAGES as CONSENT
from bot.web.console.settings.flows import PAGES as FLOWS
from bot.web.console.settings.group import PAGES as GROUP
from bot.web.console.settings.safety import PAGES as SAFETY
from bot.web.console.settings.staff import PAGES as STAFF

PAGES = (*GROUP, *STAFF, *SAFETY, *CONSENT, *FLOWS)
