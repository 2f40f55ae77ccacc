"""Small datasets, each with a canary: words that may appear in no log, summary or answer."""

import json

CANARY = "canary-7f3a"


def record(number, text=CANARY):
    """A sound record; `number` keeps it apart from others."""
    return {
        "schemaVersion": "bedrock-conversation-2024",
        "system": [{"text": "You help customers."}],
        "messages": [
            {"role": "user", "content": [{"text": f"Where is order {number}? {text}"}]},
            {"role": "assistant", "content": [{"text": f"On its way, number {number}. {text}"}]},
        ],
    }


def lines(*records):
    return b"".join(json.dumps(entry).encode() + b"\n" for entry in records)


SOUND = lines(*(record(number) for number in range(10)))
OTHER = lines(*(record(number) for number in range(100, 110)))
BROKEN = lines(*(record(number) for number in range(9))) + f'{{"{CANARY}": }}\n'.encode()
EARLY = lines(*(record(number) for number in range(3)))
