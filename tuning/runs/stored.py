"""What an older or a newer version of this platform has stored, read by this one.

A deployment changes the functions of executions that are under way, and a rollback changes them back.
So what a newer version wrote besides is ignored, and what an older one did not write has its default.
"""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any


def fields_of(kind: type, raw: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of the dataclass `kind` that are in `raw`."""
    return {f.name: raw[f.name] for f in fields(kind) if f.init and f.name in raw}
