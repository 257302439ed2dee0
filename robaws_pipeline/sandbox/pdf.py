"""A small valid PDF of one page of text, written by hand."""


def _escaped(text: str) -> bytes:
    encoded = text.encode("cp1252", "replace")
    for character in (b"\\", b"(", b")"):
        encoded = encoded.replace(character, b"\\" + character)
    return encoded


def pdf(title: str, lines: list[str]) -> bytes:
    """An A4 page with a title and lines of text, in a font that every reader has; the same bytes for the same text."""
    text = [b"BT /F1 18 Tf 56 780 Td (" + _escaped(title) + b") Tj ET"]
    text += [
        b"BT /F1 10 Tf 56 " + str(750 - 14 * number).encode() + b" Td (" + _escaped(line) + b") Tj ET"
        for number, line in enumerate(lines[:48])
    ]
    content = b"\n".join(text)
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length " + str(len(content)).encode() + b" >>\nstream\n" + content + b"\nendstream",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    out = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    offsets = []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(out))
        out += str(number).encode() + b" 0 obj\n" + body + b"\nendobj\n"
    start = len(out)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    out += b"".join(f"{offset:010d} 00000 n \n".encode() for offset in offsets)
    out += f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n".encode()
    return bytes(out)
