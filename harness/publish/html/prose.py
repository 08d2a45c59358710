"""The markdown of a page as HTML: its tables with captions and heads that a screen reader can use, and no figures.

Raw HTML in it is text, and an image is none: what a suite's author writes can neither run nor ask for anything.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

from markdown_it import MarkdownIt
from markdown_it.token import Token

NUMBER = re.compile(r"[\d.,−–/()\[\] %]+( to −?[\d.]+\)?)?|no interval|p [=<] [.\d]+")
"""What is printed under its column's head at the right: a number, alone or with its interval or count."""


def chapters(markdown: str, mark: str) -> dict[str, str]:
    """Return the text under every heading that opens with ``mark``, and under "" what stands before the first."""
    first, *rest = f"\n{markdown}".split(f"\n{mark}")
    parts = [part.partition("\n") for part in rest]
    return {"": first.strip()} | {title.strip(): text.strip() for title, _, text in parts}


def prose(markdown: str, caption: str) -> str:
    """Return markdown as HTML, each table under the nearest heading above it as its caption, else ``caption``."""
    text = "\n\n".join(block for block in markdown.split("\n\n") if not block.startswith("!["))
    md = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
    return str(md.renderer.render(list(_marked(md.parse(text), caption)), md.options, {}))


def _marked(tokens: Sequence[Token], caption: str) -> Sequence[Token]:
    """Return tokens with scopes on the heads of columns and rows, and a caption and a scrolling frame on tables."""
    found, heads, column = [], list[Token](), 0
    for i, token in enumerate(tokens):
        if token.type == "heading_open":
            caption = tokens[i + 1].content
        elif token.type == "table_open":
            heads, token = [], _html(opening(caption))
        elif token.type == "table_close":
            token = _html(CLOSING)
        elif token.type == "tr_open":
            column = 0
        elif token.type == "th_open":
            token.attrSet("scope", "col")
            heads.append(token)
        elif token.type == "td_open":
            _mark_cell(token, tokens[i + 1 : i + 3], heads[column], first=column == 0)
            column += 1
        found.append(token)
    return found


def _mark_cell(cell: Token, inside: Sequence[Token], head: Token, *, first: bool) -> None:
    """Make the first cell of a row its head, and set numbers, with the head of their column, at the right."""
    if first:
        cell.tag = inside[1].tag = "th"
        cell.attrSet("scope", "row")
    elif NUMBER.fullmatch(inside[0].content):
        for token in (cell, head):
            token.attrSet("class", "n")


def opening(caption: str, kind: str = "") -> str:
    """Return the opening of a table in a frame that scrolls by itself; its caption is for those who do not see it."""
    said = escape(caption)
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{said}"><table class="{kind}">'
        f'<caption class="unseen">{said}</caption>'
    )


CLOSING = "</table></div>"


def _html(text: str) -> Token:
    return Token("html_block", "", 0, content=text)
