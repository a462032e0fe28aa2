//! Where tasks and instances are on the network: in given subnets, or in a small VPC of their own.

use phalanx_plugin::{LogicalId, Resource, Result, Value, intrinsics, json};

use crate::EcsCluster;

/// The network as tasks and instances see it.
pub(crate) struct Network {
    /// A list, or a reference to one; `null` where instances bring their own.
    pub(crate) subnets: Value,
    /// As `subnets`; `null` for the VPC's default.
    pub(crate) security_groups: Value,
    /// Whether a network interface gets a public address.
    pub(crate) public: bool,
    /// What must be there before anything in it can reach the world.
    pub(crate) way_out: Vec<LogicalId>,
}

pub(crate) fn add(config: &EcsCluster) -> Result<Network> {
    if config.has_own_network() {
        return own(config);
    }
    Ok(Network {
        subnets: config.subnets.value(),
        security_groups: config.security_groups.value(),
        public: config.assign_public_ip,
        way_out: Vec::new(),
    })
}

/// Two public subnets in two zones. A NAT gateway would cost more than a small worker: what runs here
/// has a public address to reach AWS with, and a security group that lets nobody in.
fn own(config: &EcsCluster) -> Result<Network> {
    let tags = json!([{ "Key": "Name", "Value": config.named("") }]);
    let vpc = Resource::new("AWS::EC2::VPC")
        .property("CidrBlock", "10.0.0.0/16")
        .property("EnableDnsSupport", true)
        .property("EnableDnsHostnames", true)
        .property("Tags", tags.clone());
    let vpc = config.add("Vpc", &vpc)?;
    let gateway = Resource::new("AWS::EC2::InternetGateway").property("Tags", tags.clone());
    let gateway = config.add("InternetGateway", &gateway)?;
    let attachment = Resource::new("AWS::EC2::VPCGatewayAttachment")
        .property("VpcId", vpc.reference())
        .property("InternetGatewayId", gateway.reference());
    let attachment = config.add("GatewayAttachment", &attachment)?;
    let table = Resource::new("AWS::EC2::RouteTable")
        .property("VpcId", vpc.reference())
        .property("Tags", tags.clone());
    let table = config.add("RouteTable", &table)?;
    let route = Resource::new("AWS::EC2::Route")
        .depends_on([&attachment])
        .property("RouteTableId", table.reference())
        .property("DestinationCidrBlock", "0.0.0.0/0")
        .property("GatewayId", gateway.reference());
    let mut way_out = vec![config.add("DefaultRoute", &route)?];

    let mut subnets = Vec::new();
    for (zone, name) in ["SubnetA", "SubnetB"].into_iter().enumerate() {
        let subnet = Resource::new("AWS::EC2::Subnet")
            .property("VpcId", vpc.reference())
            .property(
                "AvailabilityZone",
                intrinsics::select(zone, intrinsics::availability_zones()),
            )
            .property("CidrBlock", format!("10.0.{zone}.0/24"))
            .property("MapPublicIpOnLaunch", true)
            .property("Tags", tags.clone());
        let subnet = config.add(name, &subnet)?;
        let association = Resource::new("AWS::EC2::SubnetRouteTableAssociation")
            .property("SubnetId", subnet.reference())
            .property("RouteTableId", table.reference());
        way_out.push(config.add(&format!("{name}Route"), &association)?);
        subnets.push(subnet.reference());
    }

    let egress = json!([{
        "IpProtocol": "-1", "CidrIp": "0.0.0.0/0", "Description": "Anywhere",
    }]);
    let group = Resource::new("AWS::EC2::SecurityGroup")
        .property("GroupDescription", format!("Tasks of {}: out, not in", config.name))
        .property("VpcId", vpc.reference())
        .property("SecurityGroupEgress", egress)
        .property("Tags", tags);
    let group = config.add("SecurityGroup", &group)?;
    let (subnets, security_groups) = (json!(subnets), json!([group.reference()]));
    Ok(Network { subnets, security_groups, public: true, way_out })
}
