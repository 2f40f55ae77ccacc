"""Where MiniStack 1.5.33 falls short of AWS, by subject; each patch says what it saw.

They use MiniStack's private names: its version is pinned exactly, and the flow tests cover each.
"""

from emulator.bedrock.engine import Engine
from emulator.clock import Clock
from emulator.emulator_settings import EmulatorSettings
from emulator.extensions import (
    account_controls,
    account_quotas,
    agent_runtimes,
    agents_in_stacks,
    asynchronous_invocations,
    atomic_writes,
    backup_jobs,
    backups,
    bedrock,
    bedrock_runtime,
    buckets,
    callbacks,
    deliveries,
    distributed_maps,
    document_sizes,
    enforcement,
    event_sources,
    execution_limits,
    finished_stacks,
    function_code,
    function_disk,
    functions,
    guardrails_in_stacks,
    interfaces,
    item_conditions,
    knowledge,
    knowledge_in_stacks,
    lock_out,
    malformed_policies,
    metrics,
    multipart_uploads,
    notices,
    object_sizes,
    on_behalf,
    prefix_lists,
    private_apis,
    queues,
    retained_objects,
    retries,
    reused_names,
    rule_limits,
    service_quotas,
    signatures,
    statemachines,
    tables,
    task_events,
    unpacked_code,
    unreliable_events,
    versions,
    vpc,
    wildcards,
    zone_offers,
)
from emulator.extensions.access_logs import AccessLogs
from emulator.extensions.agent_interfaces import AgentInterfaces
from emulator.extensions.roles import MiniStackRoles
from emulator.extensions.young_roles import YoungRoles
from emulator.recording import Recording

SUBJECTS = (
    account_controls,
    asynchronous_invocations,
    atomic_writes,
    backups,
    malformed_policies,
    buckets,
    callbacks,
    distributed_maps,
    document_sizes,
    event_sources,
    finished_stacks,
    function_disk,
    functions,
    item_conditions,
    lock_out,
    metrics,
    notices,
    object_sizes,
    multipart_uploads,
    private_apis,
    queues,
    retained_objects,
    retries,
    rule_limits,
    signatures,
    statemachines,
    tables,
    task_events,
    unpacked_code,
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
    placed = AgentInterfaces(clock)
    interfaces.install(placed)
    agent_runtimes.install(settings, roles, placed)
    agents_in_stacks.install()
    gate = None
    if settings.enforce:
        on_behalf.install(roles)
        deliveries.install()
        gate = enforcement.install(record)
    if settings.event_seed is not None:
        unreliable_events.install(settings.event_seed)
    engine = bedrock.install(settings, roles, gate, clock)
    bedrock_runtime.install(settings, engine, gate, clock)
    guardrails_in_stacks.install(engine)
    known = knowledge.install(settings, roles=roles, gate=gate, clock=clock, faults=engine.faults)
    knowledge_in_stacks.install(known, roles)
    return engine
