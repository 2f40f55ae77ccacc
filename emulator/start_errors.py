"""What a person can get wrong, or find broken, when starting and stopping the emulator."""


class EmulatorError(Exception):
    """The emulator cannot be started or reached; the message says what to do about it."""
