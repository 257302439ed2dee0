"""``robaws.toml``, validated.

Secrets are never in the file: it names the environment variables that hold them. `load` reports every problem at
once, each with its key, the value found and what to do.
"""

from robaws_pipeline.settings.bookkeeping import Accounts, Address, Closing, Journals, Purchases
from robaws_pipeline.settings.company import Company, FormatSettings
from robaws_pipeline.settings.deliveries import MARK_TEXT, Deliveries, Mark
from robaws_pipeline.settings.file import CONFIG_VARIABLE, DEFAULT_CONFIG, Settings, config_path, load, parse
from robaws_pipeline.settings.model import Account, Month, Rate, SettingsError
from robaws_pipeline.settings.reading import Articles, OAuth, RateLimit, References
from robaws_pipeline.settings.tariffs import DEFAULT_TARIFFS, SELF_ASSESSED, Nature, Tariff, Treatment

__all__ = [
    "CONFIG_VARIABLE",
    "DEFAULT_CONFIG",
    "DEFAULT_TARIFFS",
    "MARK_TEXT",
    "SELF_ASSESSED",
    "Account",
    "Accounts",
    "Address",
    "Articles",
    "Closing",
    "Company",
    "Deliveries",
    "FormatSettings",
    "Journals",
    "Mark",
    "Month",
    "Nature",
    "OAuth",
    "Purchases",
    "Rate",
    "RateLimit",
    "References",
    "Settings",
    "SettingsError",
    "Tariff",
    "Treatment",
    "config_path",
    "load",
    "parse",
]
