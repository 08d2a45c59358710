"""How files are damaged in practice: bytes, lines, cells and JSON values, changed by hypothesis."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

from hypothesis import strategies as st

from tests.adapters.raw_files import Files

Draw = Callable[[st.SearchStrategy[Any]], Any]

ODD = (b"\0", b"\xef\xbb\xbf", b"\r", b"\n", b"\xff", b"\xed\xa0\x80", b'"', b"'", b"\\", b"\t", b",", b" ", b"#")
ODD += ("\u2028".encode(), "\u00a0".encode(), "e\u0301".encode(), b"<", b"&", b"####", b"[", b"{")
CELLS = (b"", b"-", b"0", b"-1", b"99999999999999999999", b"NULL", b"x", b"label", b'"', b'"a', b'a"b', b"1.5", b"nan")
VALUES = (None, True, 0, -1, 2**70, 0.5, "", "x", "\0", "\ud800", "\ufeff", "a\nb", [], [None], {}, {"x": [{}]})


def place(draw: Draw, content: bytes) -> int:
    return draw(st.integers(0, len(content)))


def flip(draw: Draw, content: bytes) -> bytes:
    at = place(draw, content)
    return content[:at] + bytes([draw(st.integers(0, 255))]) + content[at + 1 :]


def insert(draw: Draw, content: bytes) -> bytes:
    at = place(draw, content)
    return content[:at] + draw(st.sampled_from(ODD)) + content[at:]


def mark(_: Draw, content: bytes) -> bytes:
    return b"\xef\xbb\xbf" + content


def cut(draw: Draw, content: bytes) -> bytes:
    return content[: place(draw, content)]


def empty(_: Draw, __: bytes) -> bytes:
    return b""


def relined(draw: Draw, content: bytes) -> bytes:
    return content.replace(b"\n", draw(st.sampled_from([b"\r\n", b"\r", b"\n\n", b" \n", b"\n "])))


def requoted(draw: Draw, content: bytes) -> bytes:
    return content.replace(b'"', draw(st.sampled_from([b"'", b"", b'""', b'\\"', "\u201c".encode()])))


def redelimited(draw: Draw, content: bytes) -> bytes:
    old, new = (draw(st.sampled_from([b"\t", b",", b" ", b";", b"", b"\t\t"])) for _ in range(2))
    return content.replace(old, new) if old else content


def moved_line(draw: Draw, content: bytes) -> bytes:
    """Delete, repeat or swap lines, or empty one."""
    lines = content.split(b"\n")
    one, two = (draw(st.integers(0, len(lines) - 1)) for _ in range(2))
    match draw(st.sampled_from(["delete", "repeat", "swap", "blank"])):
        case "delete":
            del lines[one]
        case "repeat":
            lines.insert(two, lines[one])
        case "swap":
            lines[one], lines[two] = lines[two], lines[one]
        case _:
            lines.insert(one, b"")
    return b"\n".join(lines)


def cell(draw: Draw, content: bytes) -> bytes:
    """Put another value or another cell of the file in place of a cell, or take one out."""
    gap = draw(st.sampled_from([gap for gap in (b"\t", b",", b" ") if gap in content] or [b" "]))
    lines = [line.split(gap) for line in content.split(b"\n")]
    line = draw(st.sampled_from(lines))
    at = draw(st.integers(0, len(line) - 1))
    line[at : at + 1] = draw(
        st.sampled_from([[value] for value in CELLS] + [[draw(st.sampled_from(other))] for other in lines] + [[]])
    )
    return b"\n".join(gap.join(line) for line in lines)


def value(draw: Draw, content: bytes) -> bytes:
    """Drop, rename, retype or repeat something inside a JSON value, or shift a number."""
    try:
        records = [json.loads(content)]
    except ValueError:
        try:
            records = [json.loads(line) for line in content.split(b"\n") if line.strip()]
        except ValueError:
            return cell(draw, content)
    holders = list(nested(records))
    if not holders:
        return cell(draw, content)
    holder, key = draw(st.sampled_from(holders))
    old = holder[key]
    match draw(st.sampled_from(["drop", "rename", "retype", "repeat", "shift"])):
        case "drop":
            del holder[key]
        case "rename" if isinstance(holder, dict):
            holder["x"] = holder.pop(key)
        case "repeat" if isinstance(holder, list):
            holder.append(old)
        case "repeat":
            other, its = draw(st.sampled_from(holders))
            other[its] = deepcopy(old)
        case "shift" if isinstance(old, int):
            holder[key] = old + draw(st.sampled_from([-1, 1, 2**31]))
        case _:
            holder[key] = draw(st.sampled_from(VALUES))
    ascii_only = draw(st.booleans())
    return "\n".join(json.dumps(record, ensure_ascii=ascii_only) for record in records).encode(errors="surrogatepass")


def nested(node: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each place inside a value: what holds it, and its key or index."""
    for key in list(node) if isinstance(node, dict) else range(len(node)):
        yield node, key
        if isinstance(node[key], (dict, list)):
            yield from nested(node[key])


DAMAGE = (flip, mark, cut, empty, relined, requoted, redelimited, moved_line, *(2 * (insert, cell, value)))
"""What is done to a file; some of it twice as often."""


@st.composite
def damaged(draw: Draw, files: Files) -> Files:
    """Return the files with one of them damaged, once or twice."""
    path = draw(st.sampled_from(sorted(files)))
    content = files[path]
    for damage in draw(st.lists(st.sampled_from(DAMAGE), min_size=1, max_size=2)):
        content = damage(draw, content)
    return {**files, path: content}
