"""What all settings are made of: a strict model, values with their own checks, problems told in words."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails


class SettingsError(Exception):
    """The settings cannot be used; the text lists every problem. Exit code 2."""

    def __init__(self, where: str, problems: list[str]) -> None:
        self.where = where
        self.problems = problems
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        super().__init__("\n".join([f"{where}: {count}", *(f"  - {problem}" for problem in problems)]))


def _month(value: object) -> object:
    if isinstance(value, str):
        try:
            date.fromisoformat(f"{value}-01")
        except ValueError:
            raise ValueError("write a month as YYYY-MM, for example 2025-01") from None
    return value


def _decimal(value: object) -> object:
    if isinstance(value, float):
        # tomllib is told to read decimals exactly; a float can only come from code.
        raise ValueError("give a rate as a decimal, not as a float")  # noqa: TRY004 - pydantic reports ValueError
    return value


def _account(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Month = Annotated[str, BeforeValidator(_month), Field(pattern=r"^\d{4}-\d{2}$")]
"""An accounting month, YYYY-MM."""

Rate = Annotated[Decimal, BeforeValidator(_decimal), Field(ge=0, le=100, decimal_places=4)]
"""A percentage: 21 is twenty-one percent."""

Account = Annotated[str, BeforeValidator(_account), Field(pattern=r"^[0-9A-Za-z.\-]{1,20}$")]
"""A general ledger account number."""

ExtraField = Annotated[str, Field(min_length=1)] | None
"""An extra field, by its name in Robaws."""


class Model(BaseModel):
    """A table of the settings: no other keys than these, and never changed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


M = TypeVar("M", bound=BaseModel)


def problem(error: ErrorDetails, *where: str) -> str:
    """A problem that pydantic found, with its key, the value found and what to do."""
    key = ".".join(str(part) for part in (*where, *error["loc"])) or "robaws.toml"
    message = str(error["msg"]).removeprefix("Value error, ")
    if error["type"] == "missing":
        return f"{key} is missing: add it (robaws.example.toml shows how)"
    if error["type"] == "extra_forbidden":
        return f"{key} is not a setting: remove it or correct its spelling (robaws.example.toml lists them)"
    shown = "" if isinstance(error["input"], dict | BaseModel) else f" = {error['input']!r}"
    return f"{key}{shown}: {message}"


def validated(where: str, table: dict[str, Any], model: type[M]) -> M:
    """A table of the settings as its model has it; SettingsError lists every problem."""
    try:
        return model.model_validate(table)
    except ValidationError as error:
        raise SettingsError(where, [problem(item, where) for item in error.errors()]) from None
