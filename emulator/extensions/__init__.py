"""Where MiniStack 1.5.33 falls short of AWS, by subject; each patch says what it saw.

They use MiniStack's private names: its version is pinned exactly, and the flow tests cover each.
"""

from emulator.extensions import (
    buckets,
    functions,
    metrics,
    network,
    queues,
    statemachines,
    tables,
)

SUBJECTS = (buckets, functions, metrics, network, queues, statemachines, tables)


def install() -> None:
    for subject in SUBJECTS:
        subject.install()
