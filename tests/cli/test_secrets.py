"""Key, secret and tokens are in the environment, in the file of tokens, and nowhere else."""

import base64
import sqlite3
import zlib
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path

import httpx
import pyarrow.parquet as pq
import pytest
from companies import ACCOUNT, KEY, SECRET, UNLIMITED, Company, Place, company_toml, environment, small_world

from robaws_pipeline.robaws.oauth import code_of
from robaws_pipeline.sandbox.faults import Answer
from robaws_pipeline.sandbox.limits import Account
from robaws_pipeline.sandbox.server import Running, running

BASIC = base64.b64encode(f"{KEY}:{SECRET}".encode()).decode()
CLIENT_SECRET = "client-secret-of-proef-0d41"
LOAD = ("load", "--from", "2025-01", "--to", "2025-02")
OAUTH = """
[companies.proef.oauth]
client_id_env = "PROEF_CLIENT"
client_secret_env = "PROEF_CLIENT_SECRET"
redirect_uri = "http://127.0.0.1:9/back"
"""


def _echo(status: int, *secrets: str) -> Answer:
    """An error page that sends back what it was sent, as proxies do."""
    body = f'{{"message": "you sent {" and ".join(secrets)}", "error": "you sent {" and ".join(secrets)}"}}'.encode()
    return Answer(status, {"content-type": "application/json"}, body)


def _contents(file: Path) -> Iterator[bytes]:
    """A file as it is, and what is compressed in it: rows of Parquet, and cells of Dagster's databases."""
    yield file.read_bytes()
    if file.suffix == ".parquet":
        yield repr(pq.read_table(file).to_pylist()).encode()
    if file.suffix == ".db":
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
            tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            for (table,) in tables:
                for row in database.execute(f'SELECT * FROM "{table}"'):  # noqa: S608 - names from the database itself
                    for cell in row:
                        content = cell if isinstance(cell, bytes) else str(cell).encode()
                        with suppress(zlib.error):
                            content = zlib.decompress(content)
                        yield content


def _places(folder: Path, secrets: Sequence[str]) -> set[str]:
    """The files below a folder that hold one of the secrets."""
    return {
        str(file.relative_to(folder))
        for file in folder.rglob("*")
        if file.is_file()
        for content in _contents(file)
        if any(secret.encode() in content for secret in secrets)
    }


def test_no_command_says_or_writes_key_or_secret(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    """Logs are mailed around and folders are backed up: a secret in one of them is a secret no more."""
    monkeypatch.setattr("robaws_pipeline.robaws.client.ATTEMPTS", 2)
    place: Place = company.place
    number = next(record["logicId"] for record in company.world.records("sales-invoices") if record["logicId"])
    said = []
    for command in (LOAD, ("doctor", "--all"), ("status",), ("status", "--json"), ("explain", number), ("verify",)):
        result = place.invoke(*command)
        assert result.exit_code == 0, result.output
        said.append(result.output)
    company.server.faults.change(lambda _: _echo(500, f"Basic {BASIC}", KEY, SECRET), "*", times=100)
    for command in (LOAD, ("verify",), ("doctor",)):
        result = place.invoke(*command)
        assert result.exit_code == 1, result.output
        assert "500" in result.output
        said += [result.output, repr(result.exception)]
    company.server.faults.clear()
    place.environment["PROEF_SECRET"] = f"{SECRET}x"
    said.append(place.invoke(*LOAD).output)
    secrets = (KEY, SECRET, BASIC)
    for text in said:
        assert not [secret for secret in secrets if secret in text]
    assert _places(place.folder, secrets) == set()
    assert _places(place.folder, ["PROEF_KEY"]) == {"robaws.toml"}, "the search finds what is there"
    assert any(name.endswith(".db") for name in _places(place.folder, ["you sent Basic ***"])), "in events too"
    assert any(name.startswith("data/") for name in _places(place.folder, [number])), "and in compressed rows"


def test_a_process_of_its_own_says_no_more(company: Company) -> None:
    """Standard error of a real run, with whatever libraries write there when the request fails."""
    company.server.faults.change(lambda _: _echo(400, f"Basic {BASIC}", KEY, SECRET), "sales-invoices", times=100)
    done = company.place.run(*LOAD)
    assert done.returncode == 1
    assert "***" in done.stderr
    assert not [secret for secret in (KEY, SECRET, BASIC) if secret in done.stdout + done.stderr]
    assert _places(company.place.folder, (KEY, SECRET, BASIC)) == set()


def _authorised(place: Place, server: Running) -> None:
    """Settings for the sandbox's marketplace integration, and the first pair of tokens."""
    keys = 'api_key_env = "PROEF_KEY"\napi_secret_env = "PROEF_SECRET"\n'
    place.write(company_toml(server.base_url).replace(keys, ""), OAUTH)
    place.environment = {"PROEF_CLIENT": ACCOUNT.client_id, "PROEF_CLIENT_SECRET": CLIENT_SECRET}
    with environment(place.environment):
        integration = place.workspace().integration()
    back = httpx.get(integration.authorize_url("state"), follow_redirects=False).headers["location"]
    integration.exchange(code_of(back, "state"))


def test_tokens_are_in_their_file_only(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has the refresh token reads the company's books: it is in one file that only its owner can read."""
    monkeypatch.setattr("robaws_pipeline.robaws.client.ATTEMPTS", 2)
    account = Account(KEY, SECRET, client_secret=CLIENT_SECRET)
    with running(small_world(), switches=UNLIMITED, accounts=[account]) as server:
        _authorised(place, server)
        token_file = place.folder / "data" / "proef" / "oauth.json"
        said: list[str] = []

        def run(code: int, words: str = "") -> None:
            done = place.run(*LOAD)
            assert done.returncode == code, done.stderr
            assert words in done.stderr
            said.extend([done.stdout, done.stderr])

        def echoing(status: int, path: str) -> None:
            """Each answer sends back the tokens of that moment."""
            server.faults.change(lambda _: _echo(status, *server.grants.given[-2:], CLIENT_SECRET), path, times=100)

        run(0)
        server.grants.revoke_access_tokens()
        run(0)
        assert len(server.grants.given) == 4, "the second run renewed the pair"
        echoing(400, "sales-invoices")
        run(1, "***")
        server.faults.clear()
        echoing(500, "*")
        for command in (LOAD, ("verify",), ("doctor",)):
            result = place.invoke(*command)
            assert result.exit_code == 1, result.output
            said += [result.output, repr(result.exception)]
        server.faults.clear()
        server.grants.revoke_access_tokens()
        echoing(400, "oauth2/tokens")
        result = place.invoke(*LOAD)
        assert result.exit_code == 1
        assert "POST oauth2/tokens: Robaws answered 400." in " ".join(result.output.split())
        said += [result.output, repr(result.exception)]
        secrets = [*server.grants.given, CLIENT_SECRET, "Bearer "]
    for text in said:
        assert not [secret for secret in secrets if secret in text]
    assert _places(place.folder, secrets) == {str(token_file.relative_to(place.folder))}
    assert CLIENT_SECRET.encode() not in token_file.read_bytes()
