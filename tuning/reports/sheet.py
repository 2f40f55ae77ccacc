"""The frame of every page: one HTML file that needs, loads and runs nothing else."""

import base64
import hashlib
from pathlib import Path

from tuning.reports.elements import Child, el


def sheet(title: str, *body: Child, style: str = "", generator: str | None = None) -> str:
    """A whole document with our one stylesheet, under a policy that lets nothing else in. `style` is
    what one page adds to it; `generator` is what makes it.
    """
    css = Path(__file__).with_name("sheet.css").read_text(encoding="utf-8") + style
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", http_equiv="Content-Security-Policy", content=policy),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", name="color-scheme", content="light dark"),
        el("meta", name="referrer", content="no-referrer"),
        el("meta", name="robots", content="noindex"),
        el("meta", name="generator", content=generator) if generator else None,
        el("title", title),
        el("style", css),
    )
    return f"<!doctype html>\n{el('html', head, el('body', *body), lang='en')}\n"
