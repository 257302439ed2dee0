"""The settings file: where it is, and the whole of what it says."""

import os
import tomllib
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError, model_validator

from robaws_pipeline.settings.company import Company
from robaws_pipeline.settings.model import Model, SettingsError, problem

CONFIG_VARIABLE = "ROBAWS_PIPELINE_CONFIG"
DEFAULT_CONFIG = "robaws.toml"


class Settings(Model):
    """The whole of ``robaws.toml``."""

    data_dir: str = "data"
    """Raw log, tables and warehouse: a local path or an object-store URL."""
    exports_dir: str = "exports"
    """The files that accountants download: a local path or an object-store URL."""
    companies: Annotated[dict[str, Company], Field(min_length=1)]

    @model_validator(mode="after")
    def _company_keys_name_folders(self) -> "Settings":
        for key in self.companies:
            if not key.isascii() or not key.replace("_", "").isalnum() or key != key.lower():
                raise ValueError(f"companies.{key}: a company's key names folders: use a-z, 0-9 and _ only")
        return self

    @model_validator(mode="after")
    def _tokens_are_on_a_disk(self) -> "Settings":
        for key, company in self.companies.items():
            if company.oauth is not None and company.oauth.token_file is None and "://" in self.data_dir:
                raise ValueError(
                    f"companies.{key}.oauth.token_file is missing: tokens need a local file, and data_dir is none"
                )
        return self

    @cached_property
    def base(self) -> Path:
        """Folder that relative paths start from; set by `load` to the settings file's own."""
        return Path.cwd()


def parse(text: str, where: str, base: Path) -> Settings:
    """Settings from TOML text; relative folders start from `base`."""
    try:
        raw = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(where, [f"not valid TOML: {error}"]) from None
    try:
        settings = Settings.model_validate(raw)
    except ValidationError as error:
        raise SettingsError(where, [problem(item) for item in error.errors()]) from None
    settings.__dict__["base"] = base
    return settings


def config_path(explicit: str | Path | None = None) -> Path:
    """Where the settings are: the given path, else the environment variable's, else ./robaws.toml."""
    return Path(explicit or os.environ.get(CONFIG_VARIABLE) or DEFAULT_CONFIG)


def load(path: str | Path | None = None) -> Settings:
    """Read and validate the settings file; SettingsError lists every problem."""
    file = config_path(path)
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise SettingsError(
            str(file),
            ["no such file: copy robaws.example.toml to robaws.toml and fill it in, or name yours with --config"],
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(str(file), [f"cannot be read: {error}"]) from None
    return parse(text, str(file), file.resolve().parent)
