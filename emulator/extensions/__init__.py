"""Where MiniStack 1.5.33 falls short of AWS, by subject; each patch says what it saw.

They use MiniStack's private names: its version is pinned exactly, and the flow tests cover each.
"""

from emulator.bedrock.engine import Engine
from emulator.emulator_settings import Settings
from emulator.extensions import (
    backups,
    bedrock,
    buckets,
    callbacks,
    enforcement,
    functions,
    metrics,
    notices,
    on_behalf,
    queues,
    retries,
    signatures,
    statemachines,
    tables,
    versions,
    wildcards,
)
from emulator.extensions import (
    event_sources as feeds,
)
from emulator.extensions import (
    vpc as network,
)
from emulator.extensions.roles import Roles
from emulator.recording import Record

SUBJECTS = (
    backups,
    buckets,
    callbacks,
    feeds,
    functions,
    metrics,
    network,
    notices,
    queues,
    retries,
    signatures,
    statemachines,
    tables,
    versions,
    wildcards,
)


def install(settings: Settings, record: Record) -> Engine:
    """Extend MiniStack, which must not have answered a request yet."""
    for subject in SUBJECTS:
        subject.install()
    gate = None
    if settings.enforce:
        on_behalf.install(Roles(record=record))
        gate = enforcement.install(record)
    return bedrock.install(settings, record, gate)
