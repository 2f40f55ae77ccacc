"""Nothing leaves the VPC but TLS to the services that are named."""

from dataclasses import dataclass

from review.checks.template_check import check, each
from review.role_policies import RoleStatement

WAYS_OUT = (
    *("AWS::EC2::InternetGateway", "AWS::EC2::EgressOnlyInternetGateway"),
    *("AWS::EC2::NatGateway", "AWS::EC2::EIP", "AWS::EC2::VPCGatewayAttachment"),
    *("AWS::EC2::VPNGateway", "AWS::EC2::VPCPeeringConnection", "AWS::EC2::Route"),
    *("AWS::EC2::TransitGatewayAttachment", "AWS::EC2::TransitGatewayVpcAttachment"),
    *("AWS::EC2::CarrierGateway", "AWS::EC2::ClientVpnEndpoint"),
)
ANYWHERE = {"0.0.0.0/0", "::/0"}
INTERFACES = ("bedrock", "bedrock-runtime", "s3", "sns", "states")
GATEWAYS = ("dynamodb", "s3")


@dataclass(frozen=True, kw_only=True)
class GroupRule:
    group: str
    way: str
    """in or out"""
    peer: str
    protocol: str
    ports: tuple[int, int] | None


def group_rules(environment):
    """Every rule of every security group, wherever the template says it."""
    found = set()
    for group in environment.of_type("AWS::EC2::SecurityGroup"):
        for way in ("Ingress", "Egress"):
            for raw in group.properties.get(f"SecurityGroup{way}", ()):
                found.add(_rule(group.ref, way, raw))
    for way in ("Ingress", "Egress"):
        for alone in environment.of_type(f"AWS::EC2::SecurityGroup{way}"):
            found.add(_rule(alone.properties["GroupId"], way, alone.properties))
    return found


def _rule(group, way, raw):
    peers = (
        *("CidrIp", "CidrIpv6", "DestinationPrefixListId", "SourcePrefixListId"),
        *("DestinationSecurityGroupId", "SourceSecurityGroupId"),
    )
    (peer,) = (raw[name] for name in peers if name in raw)
    ports = (raw["FromPort"], raw["ToPort"]) if "FromPort" in raw else None
    return GroupRule(
        group=group,
        way={"Ingress": "in", "Egress": "out"}[way],
        peer=peer,
        protocol=raw["IpProtocol"],
        ports=ports,
    )


def endpoints(environment, kind):
    """Endpoints of a kind by the last word of their service."""
    return {
        e.properties["ServiceName"].rsplit(".", 1)[-1]: e
        for e in environment.of_type("AWS::EC2::VPCEndpoint")
        if e.properties["VpcEndpointType"] == kind
    }


def zones(environment, subnets):
    """The zones of subnets, given as references or by the beginning of their names."""
    return sorted(
        s.properties["AvailabilityZone"]
        for s in environment.of_type("AWS::EC2::Subnet")
        if s.ref in subnets or s.name.startswith(tuple(subnets))
    )


@check
@each("way_out", WAYS_OUT)
def there_is_no_way_out_of_the_vpc(environment, way_out):
    assert environment.of_type(way_out) == []


@check
def no_subnet_gives_public_addresses(environment):
    subnets = environment.of_type("AWS::EC2::Subnet")
    assert {s.properties["MapPublicIpOnLaunch"] for s in subnets} == {False}


@check
def no_rule_names_the_whole_internet(environment):
    assert {r.peer for r in group_rules(environment)} & ANYWHERE == set()


@check
def the_only_address_range_in_a_rule_is_loopback(environment):
    assert {r.peer for r in group_rules(environment) if "/" in r.peer} == {"127.0.0.1/32"}


@check
def every_group_says_its_egress(environment):
    """A group without one is given `all traffic out` by EC2."""
    groups = environment.of_type("AWS::EC2::SecurityGroup")
    assert all(g.properties["SecurityGroupEgress"] for g in groups)


@check(only="dev")
def only_tls_passes(environment):
    """But for what the nodes of a job say to each other."""
    passing = {(r.protocol, r.ports) for r in group_rules(environment) if not _among_nodes(r)}
    assert passing == {("tcp", (443, 443))}


@check(only="dev")
def jobs_reach_s3_and_nothing_else(environment):
    of_jobs = [r for r in group_rules(environment) if r.group == "{Jobs}" and not _among_nodes(r)]
    assert [(r.way, r.peer) for r in of_jobs] == [("out", "pl-63a5400a")]


@check(only="dev")
def nothing_reaches_jobs(environment):
    """Nothing else than other nodes of jobs."""
    assert [r for r in group_rules(environment) if r.peer == "{Jobs}" and not _among_nodes(r)] == []
    into = [r for r in group_rules(environment) if r.group == "{Jobs}" and r.way == "in"]
    assert [r for r in into if not _among_nodes(r)] == []


def _among_nodes(rule):
    return rule.group == rule.peer == "{Jobs}"


@check
def nobody_reaches_functions(environment):
    assert [r for r in group_rules(environment) if r.group == "{Functions}" and r.way == "in"] == []


@check(only="dev")
def functions_reach_gateways_and_endpoints_and_nothing_else(environment):
    reached = {r.peer for r in group_rules(environment) if r.group == "{Functions}"}
    assert reached == {
        *("pl-63a5400a", "pl-02cd2c6b"),
        *("{EndpointsBedrockGroup}", "{EndpointsBedrockRuntimeGroup}"),
        *("{EndpointsS3Group}", "{EndpointsSnsGroup}", "{EndpointsStatesGroup}"),
    }


@check
def only_functions_and_callers_reach_endpoints(environment):
    into = {
        r.peer
        for r in group_rules(environment)
        if r.group.startswith("{Endpoints") and r.way == "in"
    }
    assert into == {"{Callers}", "{Functions}"}


@check
def the_default_group_is_emptied(environment):
    closing = environment.one("Custom::VpcRestrictDefaultSG")
    assert closing.properties["GroupId"] == "{Vpc.DefaultSecurityGroup}"
    assert closing.properties["ServiceToken"] == "{CloseDefaultGroupFunction}"


@check
def the_default_group_is_emptied_by_a_function_that_already_may(environment):
    closing = environment.one("Custom::VpcRestrictDefaultSG")
    assert "CloseDefaultGroupPolicy" in closing.depends_on


@check
def a_request_that_the_function_could_not_answer_fires_an_alarm_and_is_kept_from_others(
    environment,
):
    """Its topic is encrypted with our key, takes TLS only, and has an alarm (test_monitoring.py)."""
    topic = environment.one("AWS::SNS::Topic", "DefaultGroupDeadLetters")
    assert topic.properties["KmsMasterKeyId"] == "{LogsKey}"
    policy = environment.one("AWS::SNS::TopicPolicy", "DefaultGroupDeadLettersPolicy").properties
    (denied,) = policy["PolicyDocument"]["Statement"]
    assert (denied["Effect"], denied["Principal"]) == ("Deny", "*")
    assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


@check
def the_default_group_is_used_by_nobody(environment):
    used = {
        group
        for r in environment.of_type("AWS::Lambda::Function", "AWS::EC2::VPCEndpoint")
        for group in (
            *r.properties.get("SecurityGroupIds", ()),
            *r.properties.get("VpcConfig", {}).get("SecurityGroupIds", ()),
        )
    }
    assert "{Vpc.DefaultSecurityGroup}" not in used


@check
def gateways_are_in_every_route_table(environment):
    tables = {t.ref for t in environment.of_type("AWS::EC2::RouteTable")}
    gateways = endpoints(environment, "Gateway")
    assert set(gateways) == set(GATEWAYS)
    assert all(set(g.properties["RouteTableIds"]) == tables for g in gateways.values())


@check
def every_subnet_has_a_route_table_of_ours(environment):
    ours = environment.of_type("AWS::EC2::SubnetRouteTableAssociation")
    subnets = {s.ref for s in environment.of_type("AWS::EC2::Subnet")}
    assert {a.properties["SubnetId"] for a in ours} == subnets


@check
def interface_endpoints_are_the_services_we_call(environment):
    assert sorted(endpoints(environment, "Interface")) == list(INTERFACES)


@check
@each("service", INTERFACES)
def each_interface_endpoint_has_a_group_of_its_own(environment, service):
    found = endpoints(environment, "Interface")
    groups = [e.properties["SecurityGroupIds"] for e in found.values()]
    assert groups.count(found[service].properties["SecurityGroupIds"]) == 1
    assert len(found[service].properties["SecurityGroupIds"]) == 1


@check
@each("service", INTERFACES)
def private_dns_leads_to_the_interface_endpoint(environment, service):
    assert endpoints(environment, "Interface")[service].properties["PrivateDnsEnabled"] is True


@check
def private_dns_of_s3_is_for_resolvers_outside_the_vpc(environment):
    s3 = endpoints(environment, "Interface")["s3"]
    only = s3.properties["DnsOptions"]["PrivateDnsOnlyForInboundResolverEndpoint"]
    assert only == "OnlyInboundResolver"


@check
def the_s3_interface_waits_for_the_gateway(environment):
    """EC2 refuses OnlyInboundResolver in a VPC that has no gateway endpoint for S3 yet."""
    s3 = endpoints(environment, "Interface")["s3"]
    assert "EndpointsS3Gateway" in s3.depends_on


@check
@each(
    ("kind", "service"),
    [*(("Gateway", s) for s in GATEWAYS), *(("Interface", s) for s in INTERFACES)],
)
def endpoints_serve_this_account_and_named_actions(environment, kind, service):
    policy = endpoints(environment, kind)[service].properties["PolicyDocument"]
    for statement in map(RoleStatement.of, policy["Statement"]):
        assert [a for a in statement.actions if "*" in a] == []
        assert statement.conditions["StringEquals"]["aws:PrincipalAccount"] == "{account}"


@check
@each(("kind", "service"), [("Gateway", "dynamodb"), ("Gateway", "s3"), ("Interface", "s3")])
def nothing_goes_to_foreign_buckets_and_tables(environment, kind, service):
    policy = endpoints(environment, kind)[service].properties["PolicyDocument"]
    conditions = policy["Statement"][0]["Condition"]["StringEquals"]
    assert conditions["aws:ResourceAccount"] == "{account}"


@check
@each(
    ("kind", "service", "expected"),
    [
        ("Gateway", "s3", "arn:aws:s3:::{name}-storage-*"),
        ("Interface", "s3", "arn:aws:s3:::{name}-storage-*"),
        ("Gateway", "dynamodb", "arn:aws:dynamodb:{region}:{{account}}:table/{name}-Storage-*"),
    ],
)
def endpoints_lead_to_buckets_and_table_of_this_environment_only(
    environment, kind, service, expected
):
    """By the names that CloudFormation makes for what bears none."""
    region = {"dev": "us-east-1", "rich": "us-west-2"}[environment.name]
    policy = endpoints(environment, kind)[service].properties["PolicyDocument"]
    resources = {r for s in map(RoleStatement.of, policy["Statement"]) for r in s.resources}
    assert resources == {expected.format(name=environment.name, region=region)}


@check
def all_traffic_is_logged(environment):
    log = environment.one("AWS::EC2::FlowLog").properties
    assert (log["TrafficType"], log["ResourceId"]) == ("ALL", "{Vpc}")
    assert log["LogGroupName"] == "{FlowLogs}"


@check
def the_flow_log_waits_for_its_policy(environment):
    assert "FlowLogsPolicy" in environment.one("AWS::EC2::FlowLog").depends_on
