"""What opens an emulator: made anew at each start, in a file that only its owner reads."""

import json
import os
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path

from emulator.start_errors import EmulatorError

CREDENTIALS = "credentials.json"
"""In the emulator's directory."""

TOKEN_HEADER = "X-Emulator-Token"  # noqa: S105 -- the name of a header


@dataclass(frozen=True, kw_only=True)
class Credentials:
    control_token: str = field(repr=False)
    """Sent in TOKEN_HEADER, it opens the emulator's own endpoints."""
    secret_access_key: str = field(repr=False)
    """Signs the calls of the account's root."""

    @classmethod
    def make(cls, directory: Path) -> "Credentials":
        """New ones, kept in `directory` for those who may read it."""
        made = cls(
            control_token=secrets.token_urlsafe(32), secret_access_key=secrets.token_urlsafe(30)
        )
        path = directory / CREDENTIALS
        path.unlink(missing_ok=True)
        # Private from the first moment, and never a file or a link that somebody else has laid there.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
            json.dump(asdict(made), opened)
        return made

    @classmethod
    def read(cls, directory: Path) -> "Credentials":
        """Those of the emulator that runs in `directory`."""
        try:
            return cls(**json.loads((directory / CREDENTIALS).read_text(encoding="utf-8")))
        except FileNotFoundError:
            raise EmulatorError(
                f"the emulator in {directory.name} has no {CREDENTIALS}: an earlier version started it. "
                "End it with `python -m emulator down`, and start it again"
            ) from None
