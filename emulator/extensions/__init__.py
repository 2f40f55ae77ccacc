"""Where MiniStack 1.5.33 falls short of AWS, by subject; each patch says what it saw.

They use MiniStack's private names: its version is pinned exactly, and the flow tests cover each.
"""

from emulator.bedrock.engine import Engine
from emulator.clock import Clock
from emulator.emulator_settings import EmulatorSettings
from emulator.extensions import (
    account_controls,
    account_quotas,
    asynchronous_invocations,
    backup_jobs,
    backups,
    bedrock,
    bedrock_runtime,
    buckets,
    callbacks,
    deliveries,
    document_sizes,
    enforcement,
    event_sources,
    execution_limits,
    finished_stacks,
    function_code,
    function_disk,
    functions,
    interfaces,
    item_conditions,
    lock_out,
    malformed_policies,
    metrics,
    notices,
    object_sizes,
    on_behalf,
    prefix_lists,
    queues,
    retained_objects,
    retries,
    reused_names,
    rule_limits,
    service_quotas,
    signatures,
    statemachines,
    tables,
    unreliable_events,
    versions,
    vpc,
    wildcards,
    zone_offers,
)
from emulator.extensions.access_logs import AccessLogs
from emulator.extensions.roles import MiniStackRoles
from emulator.extensions.young_roles import YoungRoles
from emulator.recording import Recording

SUBJECTS = (
    account_controls,
    asynchronous_invocations,
    backups,
    malformed_policies,
    buckets,
    callbacks,
    document_sizes,
    event_sources,
    finished_stacks,
    function_disk,
    functions,
    interfaces,
    item_conditions,
    lock_out,
    metrics,
    notices,
    object_sizes,
    queues,
    retained_objects,
    retries,
    rule_limits,
    signatures,
    statemachines,
    tables,
    versions,
    vpc,
    wildcards,
    zone_offers,
)


def install(settings: EmulatorSettings, record: Recording, clock: Clock) -> Engine:
    """Extend MiniStack, which must not have answered a request yet."""
    for subject in SUBJECTS:
        subject.install()
    prefix_lists.install()  # its resource types are made by vpc
    account_quotas.install(settings)
    service_quotas.install(settings)
    function_code.install(settings, clock)
    reused_names.install(clock)
    execution_limits.install(clock)
    AccessLogs().install()
    young = YoungRoles(clock, settings.role_seconds)
    young.install()
    roles = MiniStackRoles(record=record, known=young.knows)
    backup_jobs.install(roles)
    gate = None
    if settings.enforce:
        on_behalf.install(roles)
        deliveries.install()
        gate = enforcement.install(record)
    if settings.event_seed is not None:
        unreliable_events.install(settings.event_seed)
    engine = bedrock.install(settings, roles, gate, clock)
    bedrock_runtime.install(settings, engine, gate, clock)
    return engine
