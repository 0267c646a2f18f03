"""Formulas of Word files as plain text, because mammoth leaves them out."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING
from zipfile import ZIP_DEFLATED, ZipFile

if TYPE_CHECKING:
    from lxml.etree import _Element

_MATH = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_PART = "word/document.xml"


def with_plain_math(data: bytes) -> bytes:
    """A Word file whose formulas are runs of text; as it was if it has none."""
    from lxml import etree

    with ZipFile(io.BytesIO(data)) as archive:
        document = archive.read(_PART)
        if b"oMath" not in document:
            return data
        root = etree.fromstring(document)
        parts = {name: archive.read(name) for name in archive.namelist()}
    for formula in list(root.iter(f"{_MATH}oMath")):
        _replace(formula)
    parts[_PART] = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    written = io.BytesIO()
    with ZipFile(written, "w", ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return written.getvalue()


def linear(node: _Element) -> str:
    """A formula on one line: ``a/b``, ``x^2``, ``x_i``, ``sqrt(x)``; brackets where needed."""
    tag = str(node.tag).removeprefix(_MATH)
    if tag == "t":
        return node.text or ""
    if tag == "f":
        return f"{_group(node, 'num')}/{_group(node, 'den')}"
    if tag == "rad":
        return f"sqrt({_inside(node, 'e')})"
    if tag == "d":
        return f"({', '.join(linear(part) for part in node.findall(f'{_MATH}e'))})"
    return _scripts(node) or "".join(linear(child) for child in node)


def _scripts(node: _Element) -> str:
    below, above = node.find(f"{_MATH}sub"), node.find(f"{_MATH}sup")
    if below is None and above is None:
        return ""
    symbol = node.find(f"{_MATH}naryPr/{_MATH}chr")
    nary = symbol.get(f"{_MATH}val", "∫") if symbol is not None else "∫"
    is_nary = node.tag == f"{_MATH}nary"
    lower = f"_{_group(node, 'sub')}" if below is not None and _inside(node, "sub") else ""
    upper = f"^{_group(node, 'sup')}" if above is not None and _inside(node, "sup") else ""
    body = _inside(node, "e")
    return f"{nary}{lower}{upper} {body}" if is_nary else f"{body}{lower}{upper}"


def _inside(node: _Element, part: str) -> str:
    found = node.find(f"{_MATH}{part}")
    return "".join(linear(child) for child in found) if found is not None else ""


def _group(node: _Element, part: str) -> str:
    text = _inside(node, part)
    return text if len(text) <= 1 or text.isalnum() else f"({text})"


def _replace(formula: _Element) -> None:
    from lxml import etree

    parent = formula.getparent()
    if parent is None:
        return
    run = etree.Element(f"{_WORD}r")
    text = etree.SubElement(run, f"{_WORD}t")
    text.text = linear(formula)
    run.tail = formula.tail
    if parent.tag == f"{_MATH}oMathPara":
        # A formula on a line of its own: Word wraps it once more, which mammoth does not know.
        outer = parent.getparent()
        if outer is None:
            return
        outer.insert(outer.index(parent), run)
        parent.remove(formula)
        return
    parent.replace(formula, run)
