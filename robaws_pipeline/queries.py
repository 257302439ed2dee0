"""SQL that stands in files of its own, beside the module that runs it."""

from functools import cache
from importlib.resources import files


@cache
def query(package: str, name: str) -> str:
    """The text of ``sql/<name>.sql`` in a package; read once a process."""
    return files(package).joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")
