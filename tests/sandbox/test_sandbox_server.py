"""Starting and stopping, PDFs, and the command."""

import io
import signal
import socket
import subprocess
import sys
from email.utils import parsedate_to_datetime

import httpx
import pytest
from click.testing import CliRunner
from pypdf import PdfReader

from robaws_pipeline.sandbox.command import sandbox as command
from robaws_pipeline.sandbox.server import process, running
from robaws_pipeline.sandbox.switches import Switches, parse
from robaws_pipeline.sandbox.world import build_world


def test_a_pdf_with_its_metadata(start) -> None:
    """The PDF is one that a reader opens, at both addresses, and its metadata tells its size."""
    sandbox = start()
    record = sandbox.world.get("sales-invoices", "20001")
    metadata = sandbox.json(f"documents/{record['documentId']}")
    assert (metadata["id"], metadata["contentType"]) == (record["documentId"], "application/pdf")
    origin = sandbox.server.base_url.removesuffix("/api/v2")
    inline = sandbox.http.get(f"{origin}/documents/{record['documentId']}?inline=true")
    download = sandbox.get(f"documents/{record['documentId']}/download")
    assert inline.content == download.content
    assert len(inline.content) == metadata["fileSize"]
    assert inline.headers["content-type"] == "application/pdf"
    assert inline.headers["content-disposition"].startswith("inline")
    assert download.headers["content-disposition"].startswith("attachment")
    reader = PdfReader(io.BytesIO(inline.content), strict=True)
    assert len(reader.pages) == 1
    table = inline.content[int(inline.content.split(b"startxref\n")[1].split()[0]) :].splitlines()
    for number, entry in enumerate(table[3:8], start=1):
        assert inline.content[int(entry.split()[0]) :].startswith(b"%d 0 obj" % number)
    text = reader.pages[0].extract_text()
    assert record["logicId"] in text
    assert str(record["totalExclVat"]) in text


def test_a_pdf_needs_credentials_and_an_owner(start) -> None:
    """Outside /api/v2 the same rules hold."""
    sandbox = start()
    origin = sandbox.server.base_url.removesuffix("/api/v2")
    assert httpx.get(f"{origin}/documents/90001?inline=true").status_code == 401
    assert sandbox.http.get(f"{origin}/documents/1?inline=true").status_code == 404
    assert sandbox.get("documents/1").status_code == 404


def test_unknown_paths_are_json_errors(start) -> None:
    """404 with the usual error object, for an id, a collection and anything else."""
    sandbox = start()
    for path in ("sales-invoices/1", "invoices", "sales-invoices/20001/nonsense"):
        missing = sandbox.get(path)
        assert (missing.status_code, missing.json()["status"]) == (404, 404)
        assert missing.json()["path"] == f"/api/v2/{path}"


def test_answers_carry_the_date(start) -> None:
    """A client may take the server's clock from it, on the first answer already."""
    response = start().get("companies")
    assert parsedate_to_datetime(response.headers["date"]).year >= 2024
    assert "server" not in response.headers


def test_requests_are_counted(start) -> None:
    """Tests tell from it what a client asked and what it spared."""
    sandbox = start()
    body = sandbox.get("clients", page=1).content
    sandbox.get("clients/0")
    stats = sandbox.server.stats
    assert stats.requests == {"clients": 1, "clients/0": 1}
    assert list(stats.targets) == ["/api/v2/clients?page=1", "/api/v2/clients/0"]
    assert (stats.statuses[200], stats.statuses[404], stats.bytes > len(body)) == (1, 1, True)
    stats.clear()
    assert stats.total == 0


def test_it_stops_cleanly_and_frees_its_port() -> None:
    """The next test can have the same port."""
    with running(build_world(1, "2026-01", "2026-01", 1, 1)) as server:
        port = int(server.base_url.split(":")[2].split("/")[0])
        httpx.get(f"{server.base_url}/companies", auth=(server.key, server.secret)).raise_for_status()
    with pytest.raises(httpx.ConnectError):
        httpx.get(server.base_url)
    with running(build_world(1, "2026-01", "2026-01", 1, 1), port=port) as again:
        assert again.base_url == server.base_url


def test_a_process_of_its_own_serves_the_same_world() -> None:
    """What the demo and the benchmarks talk to is what the tests talk to."""
    arguments = {"first_month": "2026-01", "last_month": "2026-02", "sales_per_month": 5, "purchases_per_month": 5}
    switches = Switches(rate_per_second=None, envelope_size="requested")
    with (
        process(**arguments, switches=switches) as apart,
        running(build_world(**arguments), switches=switches) as here,
    ):
        auth = (apart.key, apart.secret)
        target = "purchase-invoices?include=lineItems,lineItems.vatTariff&sort=id:asc"
        answers = [httpx.get(f"{server.base_url}/{target}", auth=auth).content for server in (apart, here)]
        assert answers[0] == answers[1]
        stats = apart.stats
        assert (stats.requests, stats.bytes) == ({"purchase-invoices": 1}, len(answers[0]))
    with pytest.raises(httpx.ConnectError):
        httpx.get(apart.base_url)


def test_a_process_does_not_outlive_its_parent() -> None:
    """A demo that is killed leaves nothing running: the pipe that both hold ends when both have."""
    program = (
        "import sys\n"
        "from robaws_pipeline.sandbox.server import process\n"
        "with process(first_month='2026-01', last_month='2026-01', sales_per_month=1, purchases_per_month=1) as s:\n"
        "    print(s.base_url, flush=True)\n"
        "    sys.stdin.read()\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert parent.stdout is not None
    base_url = parent.stdout.readline().decode().strip()
    assert httpx.get(base_url).status_code == 401
    parent.send_signal(signal.SIGKILL)
    parent.communicate(timeout=30)
    with pytest.raises(httpx.ConnectError):
        httpx.get(base_url)


def test_the_command_serves_until_interrupted() -> None:
    """What `robaws-pipeline sandbox` does: it says where it is, answers, and ends quietly on Ctrl+C."""
    arguments = [
        "--port",
        "0",
        "--from",
        "2026-01",
        "--to",
        "2026-01",
        "--sales",
        "2",
        "--switch",
        "null_style=omitted",
    ]
    child = subprocess.Popen(
        [sys.executable, "-m", "robaws_pipeline.sandbox", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert child.stdout is not None
    line = child.stdout.readline().decode()
    base_url = line.split()[3]
    answer = httpx.get(f"{base_url}/sales-invoices", auth=("sandbox-key", "sandbox-secret"))
    assert answer.json()["totalItems"] == 2
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=30)
    assert (child.returncode, b"stopped" in out, err) == (0, True, b"")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--switch", "nonsense=1"], "null_style"),
        (["--switch", "null_style"], "NAME=VALUE"),
        (["--switch", "null_style=nothing"], "null, omitted"),
        (["--switch", "burst=many"], "burst"),
        (["--switch", "retry_after=yes"], "true or false"),
        (["--from", "2026-10", "--to", "2026-01"], "the first comes after the last"),
    ],
)
def test_wrong_use_of_the_command(arguments: list[str], told: str) -> None:
    """Exit code 2 and a sentence that names what is wrong and what is possible."""
    result = CliRunner().invoke(command, arguments)
    assert result.exit_code == 2
    assert told in result.output


def test_a_port_that_is_taken() -> None:
    """The command says so instead of a traceback."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = CliRunner().invoke(command, ["--port", str(port), "--from", "2026-01", "--to", "2026-01"])
    assert result.exit_code == 1
    assert "choose another --port" in result.output


def test_switches_from_texts() -> None:
    """Each kind of value can be given on the command line."""
    assert parse(["rate_per_second=none", "burst=5", "retry_after=true", "id_style=numbers"]) == {
        "rate_per_second": None,
        "burst": 5,
        "retry_after": True,
        "id_style": "numbers",
    }
    assert parse(["rate_per_second=7.5"]) == {"rate_per_second": 7.5}
    with pytest.raises(ValueError, match="rate_per_second"):
        Switches(rate_per_second=0)
    with pytest.raises(ValueError, match="burst"):
        Switches(burst=0)
