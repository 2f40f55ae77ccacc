"""Markup as a tree. Text can only become text: there is no way to put a tag in by a string."""

import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from tuning.reports.visible_text import printable, visible

Child: TypeAlias = "Element | str | int | Iterable[Child] | None"

_VOID = frozenset({"meta", "link", "br", "hr", "wbr"})
_ATTRIBUTES = frozenset(
    {"charset", "class", "colspan", "content", "dir", "href", "http-equiv", "id", "lang", "name"}
    | {"open", "rel", "role", "scope", "tabindex"}
    | {"aria-describedby", "aria-hidden", "aria-label", "aria-labelledby"}
    | {"cx", "cy", "d", "dx", "fill", "height", "opacity", "preserveAspectRatio", "r", "rx"}
    | {"stroke", "stroke-dasharray", "stroke-linejoin", "stroke-width", "text-anchor"}
    | {"vector-effect", "viewBox", "width", "x", "x1", "x2", "y", "y1", "y2"}
)
"""None of them runs anything: no `on…`, no `style`, no `src`."""
_LINK = re.compile(r"(?:https://|#)[!#-;=?-~]*")


@dataclass(frozen=True)
class Element:
    tag: str
    attributes: tuple[tuple[str, str], ...]
    children: tuple["Element | str", ...]

    def __str__(self) -> str:
        return "".join(_pieces(self))


def el(tag: str, *children: Child, **attributes: str | float | None) -> Element:
    """`el("a", "read", href=url, class_="quiet")`. None, as child or attribute, is left out.

    A trailing `_` is dropped from an attribute's name and other `_` become `-`.
    """
    named = tuple(
        (name.rstrip("_").replace("_", "-"), str(value))
        for name, value in attributes.items()
        if value is not None
    )
    for name, value in named:
        if name not in _ATTRIBUTES:
            raise ValueError(f"attribute {name!r} is not among those this page may use")
        if name == "href" and not _LINK.fullmatch(value):
            raise ValueError(f"{value!r} is neither an https address nor a place on this page")
    return Element(tag, named, tuple(_flat(children)))


def _flat(children: Iterable[Child]) -> Iterator[Element | str]:
    for child in children:
        match child:
            case None:
                continue
            case Element() | str():
                yield child
            case int():
                yield f"{child:,}"
            case _:
                yield from _flat(child)


def _pieces(element: Element) -> Iterator[str]:
    attributes = "".join(f' {k}="{html.escape(printable(v))}"' for k, v in element.attributes)
    yield f"<{element.tag}{attributes}>"
    if element.tag in _VOID:
        return
    for child in element.children:
        if isinstance(child, Element):
            yield from _pieces(child)
        elif element.tag == "style":
            yield _stylesheet(child)
        else:
            yield html.escape(visible(child), quote=False)
    yield f"</{element.tag}>"


def _stylesheet(css: str) -> str:
    """A style element ends at the first `</`: the one text in which entities mean nothing."""
    if "<" in css:
        raise ValueError("a stylesheet holds no `<`")
    return css
