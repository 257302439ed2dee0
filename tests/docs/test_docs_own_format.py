"""The package of docs/formats/write-your-own.md, built, installed and found as its reader would do it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from markdown_files import ROOT, fences

PAGE = (ROOT / "docs" / "formats" / "write-your-own.md").read_text(encoding="utf-8")


def _fence(language: str, start: str) -> str:
    (found,) = (fence for fence in fences(PAGE, language) if fence.startswith(start))
    return found


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package built from the page and installed in `site`, without network."""
    folder = tmp_path_factory.mktemp("own_format")
    package = folder / "robaws-sales-list"
    package.mkdir()
    (package / "sales_list.py").write_text(_fence("python", "from collections.abc import Iterator"), encoding="utf-8")
    (package / "pyproject.toml").write_text(_fence("toml", "# pyproject.toml"), encoding="utf-8")
    (folder / "test_sales_list.py").write_text(_fence("python", "# test_sales_list.py"), encoding="utf-8")
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-index", "--no-deps", "--no-build-isolation"]
    subprocess.run([*command, "--target", "site", str(package)], cwd=folder, check=True, capture_output=True)
    return folder


def _run(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Python in a process of its own, in which the package is installed."""
    environment = {name: value for name, value in os.environ.items() if name != "ROBAWS_PIPELINE_CONFIG"}
    environment["PYTHONPATH"] = str(folder / "site")
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_the_format_is_found_and_listed_with_its_package(installed: Path) -> None:
    """Another package's format is there when it is installed, and nothing of ours was touched."""
    done = _run(installed, "-c", "from robaws_pipeline.cli import main; main()", "formats")
    assert done.returncode == 0, done.stderr
    (line,) = (line for line in done.stdout.splitlines() if line.split()[:1] == ["sales_list"])
    assert "robaws-sales-list 1.0" in re.sub(r"robaws[_-]sales[_-]list", "robaws-sales-list", line)
    assert "Numbers and totals of the sales of a month" in line


def test_its_own_test_passes_the_kit(installed: Path) -> None:
    """The test that the page gives is the one that its reader runs."""
    done = _run(installed, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_sales_list.py")
    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout


def test_its_test_fails_when_the_format_breaks_a_promise(installed: Path) -> None:
    """A kit that is copied from a page and checks nothing is worse than none."""
    module = installed / "site" / "sales_list.py"
    good = module.read_text(encoding="utf-8")
    try:
        module.write_text(good.replace("{state['gross']}", "{abs(state['gross'] or 0)}"), encoding="utf-8")
        done = _run(installed, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_sales_list.py", "-k", "credit")
    finally:
        module.write_text(good, encoding="utf-8")
    assert done.returncode == 1
    assert "sign: sales 21 has" in done.stdout
