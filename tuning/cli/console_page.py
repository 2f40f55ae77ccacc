"""The page of `tuning console`: one HTML document with its own style and script, and a policy that lets in no other."""

import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path

import tuning.reports

_FOLDER = Path(__file__).parent
_SHARED = "/* verdict */"
"""Up to here, the sheet of all pages says their colours, fonts and focus."""


@dataclass(frozen=True, kw_only=True)
class ConsolePage:
    html: bytes
    policy: str
    """https://www.w3.org/TR/CSP3/ : this style and this script by their digests, and requests to where it came from."""


def console_page() -> ConsolePage:
    sheet = Path(tuning.reports.__file__).with_name("sheet.css").read_text("utf-8")
    shared, found, _ = sheet.partition(_SHARED)
    if not found:
        raise ValueError(f"sheet.css has no {_SHARED}")
    style = shared + (_FOLDER / "console.css").read_text("utf-8")
    script = (_FOLDER / "console.js").read_text("utf-8")
    if "<" in style or "</" in script:
        raise ValueError("style and script end at the first tag that they hold")
    text = (_FOLDER / "console.html").read_text("utf-8")
    html = text.replace("{style}", style).replace("{script}", script)
    policy = (
        "default-src 'none'; "
        f"style-src '{_digest(style)}'; script-src '{_digest(script)}'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )
    return ConsolePage(html=html.encode(), policy=policy)


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
