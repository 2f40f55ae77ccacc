"""Diagnoses the elements of records, such as a tool use or an image, each once, in a record of its own.

A record whose parts go together (the kernel sees to that, `parts.h`) is as sound as each of its elements. So a
file in which each record has its blocks in another order is diagnosed a few dozen times.
"""

import ctypes
import json
from typing import Any, NamedTuple

from tuning.datasets import kernel
from tuning.datasets.formats.walk import Fault
from tuning.datasets.kernel import CHAT_PARTS, CONTESTED, RECORD_PARTS, SLOTS, KnownPart, Scan
from tuning.datasets.tally import Tally
from tuning.models.catalog import Method

_MOST = 1000
"""How many elements the kernel knows; fewer than SLOTS, which it searches."""
_ROOM = 8192
"""Bytes. The kernel hands over none that is longer than 4 KB and the byte of its place."""
_UNLIMITED = 1 << 62
_BESIDE = "reasoning beside media"
_NO = "0" * kernel.WIDTH
"""The number of each text, id and name."""
_USE = f'{{"toolUse":{{"toolUseId":"i{_NO}","name":"n{_NO}","input":{{}}}}}}'
_TOOL = f'{{"toolSpec":{{"name":"n{_NO}","description":"x","inputSchema":{{"json":{{"type":"object"}}}}}}}}'
_VERSION = '"schemaVersion":"bedrock-conversation-2024"'


class _Judged(NamedTuple):
    """What holds of an element wherever it is."""

    faults: tuple[Fault, ...]
    """Those that the policy asks for."""
    contested: frozenset[str]


class Elements:
    """The elements that the kernel counts by itself, of one stretch of a file."""

    def __init__(self, method: Method, tally: Tally) -> None:
        self._method, self._tally = method, tally
        self._subjects = sorted(method.contested)[:CONTESTED]
        self._judged: dict[bytes, _Judged | None] = {}
        self._known: list[tuple[bytes, _Judged]] = []
        self._table, self._slots = (KnownPart * _MOST)(), (ctypes.c_uint16 * SLOTS)()
        self._room = ctypes.create_string_buffer(_ROOM)
        most = (method.max_images, method.max_videos, method.max_documents)
        self.memory: dict[str, Any] = {
            "elements": ctypes.addressof(self._table),
            "slots": ctypes.addressof(self._slots),
            "element": ctypes.addressof(self._room),
            "most": (ctypes.c_uint64 * 3)(*(_UNLIMITED if n is None else n for n in most)),
            "reasoned": self._bits({_BESIDE}),
        }
        """Fields of `Scan`."""

    def learn(self, scan: Scan) -> bool:
        """Have the kernel count the element that it does not know in a line, unless one of its faults is still to
        be listed; says whether it does.
        """
        if not scan.element_size:
            return False
        element = self._room.raw[: scan.element_size]
        if element not in self._judged and len(self._judged) < _MOST:
            self._judged[element] = self._diagnosed(element)
        judged = self._judged.get(element)
        counts, enough = self._tally.counts, self._tally.policy.listed
        if judged is None or any(counts[fault.rule] < enough for fault in judged.faults):
            return False
        digest = kernel.digest()(element)
        entry = self._table[len(self._known)]
        entry.digest, entry.size, entry.name = digest, len(element), element
        entry.contested = self._bits(judged.contested)
        self._known.append((element, judged))  # the kernel has its address
        slot = digest % SLOTS
        while self._slots[slot]:
            slot = (slot + 1) % SLOTS
        self._slots[slot] = len(self._known)
        return True

    def settle(self, scan: Scan) -> None:
        """Add up what the kernel counted."""
        for entry, (_, judged) in zip(self._table, self._known, strict=False):
            for fault in judged.faults:
                self._tally.counts[fault.rule] += entry.times
        for subject, count, line in zip(
            self._subjects, scan.contested, scan.contested_line, strict=False
        ):
            if count:
                self._tally.contest(subject, line, count)

    def _bits(self, subjects: frozenset[str] | set[str]) -> int:
        return sum(1 << n for n, subject in enumerate(self._subjects) if subject in subjects)

    def _diagnosed(self, element: bytes) -> _Judged | None:
        """None when it is not the element alone that decides."""
        from tuning.datasets.diagnosis import diagnose  # noqa: PLC0415 — sound files do without

        written, at, parts = _record(element)
        walk = diagnose(written.encode(), self._method)
        alone = all(at is None or (fault.field or "").startswith(at) for fault in walk.faults)
        if not walk.readable or not alone or walk.traits != parts:
            return None
        return _Judged(
            tuple(fault for fault in walk.faults if self._tally.policy.asks_for(fault.rule)),
            frozenset(walk.contested),
        )


def parts_of(bits: int, method: Method) -> frozenset[str]:
    """The optional parts that the kernel says by bits."""
    parts = CHAT_PARTS if method.format == "openai_chat" else RECORD_PARTS
    return frozenset(part for n, part in enumerate(parts) if bits >> n & 1)


def _record(element: bytes) -> tuple[str, str | None, set[str]]:
    """A record in which nothing but the element may be wrong, where it is there, and the record's optional parts."""
    place, body = element[:1], element[1:].decode()
    block = f'{{"text":"t{_NO}{body}"}}' if place in b"sua" and not body.startswith("{") else body
    config, parts, turns = "", set[str](), ['{"text":"t001"}', '{"text":"t002"}']
    at: str | None = f"messages[{len(place)}]"
    match place:
        case b"h":
            if body[1:] == "u":
                turns[1] = f'{{"text":"t003"}},{_USE}'
                parts = {"toolUse"}
            at = None
        case b"s":
            config, parts, at = f'"system":[{block}],', {"system"}, "system[0]"
        case b"t":
            config, parts, at = (
                f'"toolConfig":{{"tools":[{block}]}},',
                {"toolConfig"},
                "toolConfig.tools[0]",
            )
        case b"c":
            config = f'"toolConfig":{{"tools":[{_TOOL}],"toolChoice":{block}}},'
            parts, at = {"toolConfig"}, "toolConfig.toolChoice"
        case _:
            kind = next(iter(json.loads(block)))
            parts, at = {kind} & set(RECORD_PARTS), f"messages[{b'ua'.index(place)}].content[0]"
            if kind in ("toolUse", "toolResult"):
                config, parts = f'"toolConfig":{{"tools":[{_TOOL}]}},', {kind, "toolConfig"}
            turns[b"ua".index(place)] = block
            if kind == "toolResult":
                turns, at = [turns[1], _USE, block, turns[1]], "messages[2].content[0]"
                parts.add("toolUse")
    head = "" if place == b"h" and body[:1] == "-" else f"{_VERSION},"
    said = ",".join(
        f'{{"role":"{("user", "assistant")[n % 2]}","content":[{turn}]}}'
        for n, turn in enumerate(turns)
    )
    return f'{{{head}{config}"messages":[{said}]}}', at, parts
