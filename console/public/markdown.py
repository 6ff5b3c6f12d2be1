"""Markdown from round files as safe HTML: a short list of elements, and nothing that runs or loads."""

from __future__ import annotations

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup

_TAGS = {"p", "h3", "h4", "h5", "h6", "ul", "ol", "li", "a", "em", "strong", "blockquote", "code", "pre", "br", "hr"}
_ATTRIBUTES = {"a": {"href", "title"}}
_SCHEMES = {"http", "https", "mailto"}
_BELOW = 2
"""By how much headings go down: the page and its parts have the first two levels."""
_DEEPEST = 6
_reader = MarkdownIt("commonmark", {"html": False})


def as_html(text: str) -> Markup:
    """A text in Markdown (CommonMark) as HTML that is safe on a page, whoever wrote it.

    Args:
        text: as the file has it. HTML in it comes out as text. Pictures come out as their words.
    """
    tokens = _reader.parse(text)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(_DEEPEST, int(token.tag[1:]) + _BELOW)}"
    rendered = _reader.renderer.render(tokens, _reader.options, {})
    cleaned = nh3.clean(
        rendered, tags=_TAGS, attributes=_ATTRIBUTES, url_schemes=_SCHEMES, link_rel="nofollow noopener noreferrer"
    )
    return Markup(cleaned)  # cleaned just now
