"""Key and secret are in the environment and nowhere else."""

import base64
from pathlib import Path

import pytest
from companies import KEY, SECRET, Company, Place

from robaws_pipeline.sandbox.faults import Answer

BASIC = base64.b64encode(f"{KEY}:{SECRET}".encode()).decode()


def _echo(answer: Answer) -> Answer:
    """An error page that sends back what it was sent, as proxies do."""
    body = f'{{"message": "Authorization: Basic {BASIC} of {KEY} with {SECRET}"}}'.encode()
    return Answer(500, {"content-type": "application/json"}, body)


def _files_with(folder: Path, *secrets: str) -> list[tuple[str, str]]:
    return [
        (str(file.relative_to(folder)), secret)
        for file in folder.rglob("*")
        if file.is_file()
        for secret in secrets
        if secret.encode() in file.read_bytes()
    ]


def test_no_command_says_or_writes_key_or_secret(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    """Logs are mailed around and folders are backed up: a secret in one of them is a secret no more."""
    monkeypatch.setattr("robaws_pipeline.robaws.client.ATTEMPTS", 2)
    place: Place = company.place
    number = next(record["logicId"] for record in company.world.records("sales-invoices") if record["logicId"])
    said = []
    for command in (
        ["load", "--from", "2025-01", "--to", "2025-02"],
        ["doctor", "--all"],
        ["status"],
        ["status", "--json"],
        ["explain", number],
        ["verify"],
    ):
        result = place.invoke(*command)
        assert result.exit_code == 0, result.output
        said.append(result.output)
    company.server.faults.change(_echo, "*", times=100)
    for command in (["load", "--from", "2025-01", "--to", "2025-01"], ["verify"], ["doctor"]):
        result = place.invoke(*command)
        assert result.exit_code == 1, result.output
        assert "500" in result.output
        said.append(result.output)
    company.server.faults.clear()
    place.environment["PROEF_SECRET"] = f"{SECRET}x"
    said.append(place.invoke("load", "--from", "2025-01", "--to", "2025-01").output)
    for text in said:
        for secret in (KEY, SECRET, BASIC):
            assert secret not in text
    assert _files_with(place.folder, KEY, SECRET, BASIC) == []
    assert _files_with(place.folder, "PROEF_KEY"), "the search finds what is there"
