"""The two commands that need no Robaws."""

import json
import os
import signal
import subprocess
from base64 import b64encode
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

import pytest
from companies import PROGRAM, Place


def test_demo_goes_from_nothing_to_files_and_tells_what_to_do_next(tmp_path: Path) -> None:
    """The first command of the README: whoever tries the product sees this, and sees it work."""
    hidden = {name: value for name, value in os.environ.items() if name != "DAGSTER_HOME" and "ROBAWS" not in name}
    done = subprocess.run(
        [PROGRAM, "demo"], cwd=tmp_path, env=hidden, capture_output=True, text=True, timeout=150, check=False
    )
    assert done.returncode == 0, done.stderr
    for month in ("2025-11", "2026-10"):
        assert f"  {month}  " in done.stdout
        assert (tmp_path / "exports" / "demo" / month / "manifest.json").exists()
    for said in (
        "Asked of the API",
        " 0 refused (429)",
        "Files exports/demo/",
        "Next",
        "make dev",
        "The sandbox is stopped",
    ):
        assert said in " ".join(done.stdout.split()), said
    assert "Reading 2025-11 to 2026-10 from http://127.0.0.1:" in done.stderr
    address = done.stderr.split("from http://")[1].split()[0]
    with pytest.raises(URLError):
        urlopen(f"http://{address}/sales-invoices", timeout=5)
    place = Place(tmp_path / ".demo", {})
    assert place.config.exists()
    explained = subprocess.run(
        [PROGRAM, "--config", ".demo/robaws.toml", "explain", "F260001"],
        cwd=tmp_path,
        env=hidden,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert explained.returncode == 0
    assert "State exported" in explained.stdout
    validated = subprocess.run(
        [PROGRAM, "validate", "exports"], cwd=tmp_path, capture_output=True, text=True, timeout=150, check=False
    )
    assert validated.returncode == 0, validated.stdout
    written = len(list((tmp_path / "exports" / "demo").glob("*/ubl/*.xml")))
    assert written > 400, "a year of sales"
    assert f"{written} documents checked by: UBL 2.1 XSD {written}, EN 16931 {written}" in validated.stdout


def test_sandbox_serves_until_it_is_interrupted() -> None:
    """Whoever writes against Robaws can try it in a second terminal, as the help says."""
    command = [PROGRAM, "sandbox", "--port", "0", "--from", "2026-09", "--to", "2026-09", "--sales", "3"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        url, key, secret = line.split()[3], line.split("key ")[1].split(",")[0], line.split("secret ")[1].split(";")[0]
        basic = {"Authorization": "Basic " + b64encode(f"{key}:{secret}".encode()).decode()}
        with urlopen(Request(f"{url}/sales-invoices", headers=basic), timeout=30) as answer:  # noqa: S310
            assert json.load(answer)["totalItems"] == 3
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    finally:
        process.kill()
        process.communicate()
    assert (process.returncode, err) == (0, "")
    assert out == "Robaws sandbox stopped.\n"
