"""``robaws-pipeline authorize``, and a load with what it got."""

import socket
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from click.testing import Result
from companies import ACCOUNT, UNLIMITED, Place, company_toml, environment, small_world

from robaws_pipeline.sandbox.server import running

LOAD = ("load", "--from", "2025-01", "--to", "2025-01")
BASIC = 'api_key_env = "PROEF_KEY"\napi_secret_env = "PROEF_SECRET"\n'
OAUTH = """
[companies.proef.oauth]
client_id_env = "PROEF_CLIENT"
client_secret_env = "PROEF_CLIENT_SECRET"
redirect_uri = "{redirect_uri}"
"""


def free_port() -> int:
    """A port at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])


def write(place: Place, base_url: str, redirect_uri: str, more: str = "") -> None:
    """Settings of a company that uses the sandbox's marketplace integration."""
    text = company_toml(base_url).replace(BASIC, "")
    assert "api_key_env" not in text
    place.write(more, text, OAUTH.format(redirect_uri=redirect_uri))
    place.environment = {"PROEF_CLIENT": ACCOUNT.client_id, "PROEF_CLIENT_SECRET": ACCOUNT.client_secret}


def token_file(place: Place) -> Path:
    """Where the tokens are unless told otherwise."""
    return place.folder / "data" / "proef" / "oauth.json"


def with_browser(
    place: Place, monkeypatch: pytest.MonkeyPatch, visit: Callable[[str], None], *arguments: str
) -> Result:
    """Run the command with somebody at the browser."""
    visitors: list[threading.Thread] = []

    def browse(url: str) -> bool:
        visitors.append(threading.Thread(target=visit, args=(url,)))
        visitors[-1].start()
        return True

    monkeypatch.setattr("webbrowser.open", browse)
    result = place.invoke("authorize", *arguments)
    for visitor in visitors:
        visitor.join(30)
    return result


def test_somebody_agrees_and_the_next_load_works(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """One command and one click; an answer to another question, or to another page, is not taken for it."""
    pages: list[tuple[int, str]] = []

    def visit(url: str) -> None:
        back = httpx.get(url).headers["location"]
        state = parse_qs(urlsplit(url).query)["state"][0]
        for address in (back.replace(state, "other"), back.replace("/back", "/favicon.ico"), back):
            answer = httpx.get(address)
            pages.append((answer.status_code, answer.text))

    with running(small_world(), switches=UNLIMITED, accounts=[ACCOUNT]) as server:
        write(place, server.base_url, f"http://127.0.0.1:{free_port()}/back")
        result = with_browser(place, monkeypatch, visit)
        assert result.exit_code == 0, result.output
        assert [status for status, _ in pages] == [400, 404, 200]
        assert "another authorisation" in pages[0][1]
        assert stat.S_IMODE(token_file(place).stat().st_mode) == 0o600
        loaded = place.invoke(*LOAD)
        assert loaded.exit_code == 0, loaded.output
        assert place.manifests()["2025-01"]["documents"]
        server.grants.revoke()
        refused = place.invoke(*LOAD)
        assert refused.exit_code == 1
        assert "robaws-pipeline authorize --company proef" in " ".join(refused.output.split())
        for text in (result.output, loaded.output, refused.output):
            assert not [secret for secret in (*server.grants.given, ACCOUNT.client_secret) if secret in text]


def test_somebody_who_does_not_agree_ends_it(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command must not wait for ten minutes for what was answered."""
    port = free_port()

    def visit(url: str) -> None:
        state = parse_qs(urlsplit(url).query)["state"][0]
        httpx.get(f"http://127.0.0.1:{port}/back", params={"error": "access_denied", "state": state})

    with running(small_world(), accounts=[ACCOUNT]) as server:
        write(place, server.base_url, f"http://127.0.0.1:{port}/back")
        result = with_browser(place, monkeypatch, visit)
    assert result.exit_code == 1
    assert "did not agree" in " ".join(result.output.split())
    assert not token_file(place).exists()


def test_a_code_can_be_brought_from_another_machine(place: Place) -> None:
    """The server has no browser, and the redirect leads elsewhere."""
    with running(small_world(), switches=UNLIMITED, accounts=[ACCOUNT]) as server:
        write(place, server.base_url, "https://books.example/back")
        shown = place.invoke("authorize", "--no-browser")
        assert shown.exit_code == 0, shown.output
        url = next(line for line in shown.output.splitlines() if line.startswith("http"))
        code = parse_qs(urlsplit(httpx.get(url).headers["location"]).query)["code"][0]
        assert not token_file(place).exists()
        assert place.invoke("authorize", "--company", "proef", "--code", code).exit_code == 0
        assert token_file(place).exists()
        again = place.invoke("authorize", "--code", code)
        assert again.exit_code == 1
        assert "invalid_grant" in again.output


def test_a_port_that_is_taken_is_told(place: Place) -> None:
    """Nobody would hear the answer."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        write(place, "http://127.0.0.1:9/api/v2", f"http://127.0.0.1:{sock.getsockname()[1]}/back")
        result = place.invoke("authorize", "--no-browser")
    assert result.exit_code == 2
    assert "nothing can listen at 127.0.0.1" in result.output


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda text: text.replace('name = "Proef', BASIC + 'name = "Proef'), "keep one of the two kinds"),
        (lambda text: text[: text.index("[companies.proef.oauth]")], "api_key_env and api_secret_env missing"),
        (
            lambda text: text[: text.index("[companies.proef.oauth]")].replace(
                'name = "Proef', 'api_key_env = "K"\nname = "Proef'
            ),
            "api_secret_env missing: add it",
        ),
        (lambda text: 'data_dir = "s3://bucket/data"\n' + text, "oauth.token_file is missing"),
        (lambda text: text.replace("client_id_env", "client_id"), "oauth.client_id_env is missing"),
    ],
    ids=["both", "neither", "half", "tokens in an object store", "misspelt"],
)
def test_settings_name_one_kind_of_credentials(place: Place, change: Callable[[str], str], told: str) -> None:
    """Two kinds would leave open which is used, and a half one reads nothing."""
    write(place, "http://127.0.0.1:9/api/v2", "http://127.0.0.1:9/back")
    place.config.write_text(change(place.config.read_text()))
    result = place.invoke("status")
    assert result.exit_code == 2, result.output
    assert told in result.output


def test_the_tokens_may_be_elsewhere(place: Place) -> None:
    """Beside the settings' other secrets, say, when the data is in an object store."""
    write(place, "http://127.0.0.1:9/api/v2", "http://127.0.0.1:9/back")
    place.config.write_text(place.config.read_text() + 'token_file = "secrets/proef.json"\n')
    with environment(place.environment):
        file = place.workspace().integration().file
    assert file == place.folder / "secrets" / "proef.json"


def test_a_company_with_a_key_needs_no_authorisation(place: Place) -> None:
    """It says so, instead of asking for a client id."""
    place.write(company_toml("http://127.0.0.1:9/api/v2"))
    result = place.invoke("authorize")
    assert result.exit_code == 2
    assert "needs no authorisation" in result.output
