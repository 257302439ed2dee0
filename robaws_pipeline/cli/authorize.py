"""``robaws-pipeline authorize``: the one thing about OAuth2 that a person has to do."""

import secrets
import webbrowser
from http.server import BaseHTTPRequestHandler, HTTPServer
from time import monotonic
from urllib.parse import parse_qs, urlsplit

import click

from robaws_pipeline.cli.output import err, out, say
from robaws_pipeline.cli.work import chosen
from robaws_pipeline.robaws.errors import BadRequest, RobawsError
from robaws_pipeline.robaws.oauth import Integration, code_of
from robaws_pipeline.settings import SettingsError
from robaws_pipeline.settings import load as load_settings
from robaws_pipeline.steps.workspace import Workspace

_WAIT = 600.0
"""Seconds in which somebody must agree; a code is good for as long."""

_LOOPBACK = frozenset({"127.0.0.1", "localhost"})


@click.command()
@click.option("--company", metavar="NAME", help="The company of the settings; needed when there are several.")
@click.option("--code", metavar="CODE", help="The code in the address that the browser ended at, for another machine.")
@click.option("--browser/--no-browser", default=True, help="Open the page, or only print its address.")
@click.pass_context
def authorize(context: click.Context, company: str | None, code: str | None, browser: bool) -> None:
    """Let somebody agree in Robaws that this program reads a company's data (OAuth2).

    For companies with an oauth table in the settings: once, and again when Robaws says that the tokens are no longer
    good. When redirect_uri is at 127.0.0.1, the answer is caught here; else run it again with --code.
    """
    settings = load_settings(context.obj)
    keys = chosen(settings, company)
    if len(keys) > 1:
        raise SettingsError("--company", [f"say which one: {', '.join(keys)}"])
    integration = Workspace.of(settings, keys[0]).integration()
    try:
        if code is None:
            code = _agreed(integration, browser)
        if code is None:
            return
        integration.exchange(code)
    except RobawsError as error:
        say(err, "Problem", str(error), "bold red")
        context.exit(1)
    out.print(f"Authorised. The tokens are in {integration.file}; next: robaws-pipeline doctor --company {keys[0]}")


def _agreed(integration: Integration, browser: bool) -> str | None:
    """The code that the browser brings; None when its address is not here, so that the person must bring it."""
    state = secrets.token_urlsafe(24)
    address = urlsplit(integration.redirect_uri)
    here = address.scheme == "http" and address.hostname in _LOOPBACK
    # Listening comes first: whoever is quick must not find nobody there.
    server = _Catcher((address.hostname or "", address.port or 80), address.path, state) if here else None
    click.echo(f"Open this page and agree:\n{integration.authorize_url(state)}")
    if browser:
        webbrowser.open(integration.authorize_url(state))
    if server is None:
        click.echo("Then run this again with --code and the code in the address that you are sent to.")
        return None
    with server:
        return server.wait()


class _Catcher(HTTPServer):
    """Waits for the one request that brings the code."""

    def __init__(self, address: tuple[str, int], path: str, state: str) -> None:
        try:
            super().__init__(address, _Answer)
        except OSError as error:
            raise SettingsError(
                "redirect_uri", [f"nothing can listen at {address[0]}:{address[1]} ({error.strerror}): see what does"]
            ) from None
        self.path = path or "/"
        self.state = state
        self.timeout = 1.0
        self.code: str | None = None
        self.refused: BadRequest | None = None

    def wait(self) -> str:
        """The code; BadRequest when Robaws's answer brings none, or none comes in time."""
        until = monotonic() + _WAIT
        while self.code is None:
            if monotonic() > until:
                raise BadRequest("waiting for the redirect", "nobody agreed in time", "Begin again")
            self.handle_request()
            if self.refused is not None:
                raise self.refused
        return self.code

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that hangs up is nothing to report."""


class _Answer(BaseHTTPRequestHandler):
    server: _Catcher

    def do_GET(self) -> None:
        if urlsplit(self.path).path != self.server.path:
            self.send_error(404)
            return
        try:
            code = code_of(self.path, self.server.state)
        except BadRequest as error:
            if self.server.state in parse_qs(urlsplit(self.path).query).get("state", []):
                self.server.refused = error  # it is the answer to our question; any other is somebody's mistake
            self._say(400, error.happened)
            return
        self.server.code = code
        self._say(200, "Done. You can close this page.")

    def _say(self, status: int, text: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """The address holds the code, so it is not logged."""
