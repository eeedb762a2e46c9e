//! Links and addresses, over netlink.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use futures_util::{StreamExt as _, TryStreamExt as _};
use ipnet::IpNet;
use nix::libc;
use rtnetlink::packet_core::NetlinkPayload;
use rtnetlink::packet_route::RouteNetlinkMessage;
use rtnetlink::packet_route::address::{AddressAttribute, AddressFlags, AddressMessage, CacheInfo};
use rtnetlink::packet_route::link::{LinkAttribute, LinkFlags, LinkMessage};
use rtnetlink::{AddressMessageBuilder, Handle, MulticastGroup, new_multicast_connection};
use tokio::sync::watch;
use tokio::time::timeout;
use vrrp::frame::Mac;

/// How long the kernel may take; it answers in microseconds.
const PATIENCE: Duration = Duration::from_millis(500);

/// What is known of an interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Facts {
    pub(crate) index: u32,
    pub(crate) mac: Mac,
    /// Whether it is up and has a carrier.
    pub(crate) is_up: bool,
    pub(crate) addresses: Vec<IpNet>,
}

/// The part of the kernel that has links and addresses.
#[derive(Debug, Clone)]
pub(crate) struct Kernel {
    handle: Handle,
}

/// Tells when a look is worth while.
#[derive(Debug, Clone)]
pub(crate) struct Changes {
    lost: watch::Receiver<()>,
    new: watch::Receiver<()>,
}

impl Kernel {
    /// Opens a socket to it, which is served by a task of its own.
    pub(crate) fn open() -> io::Result<(Self, Changes)> {
        let groups = [
            MulticastGroup::Link,
            MulticastGroup::Ipv4Ifaddr,
            MulticastGroup::Ipv6Ifaddr,
        ];
        let (connection, handle, mut messages) = new_multicast_connection(&groups)?;
        tokio::spawn(connection);
        let (tell_lost, lost) = watch::channel(());
        let (tell_new, new) = watch::channel(());
        tokio::spawn(async move {
            while let Some((message, _)) = messages.next().await {
                if is_new_address(&message.payload) {
                    tell_new.send_replace(());
                } else if matters(&message.payload) {
                    tell_lost.send_replace(());
                }
            }
        });
        Ok((Self { handle }, Changes { lost, new }))
    }

    /// What there is to know about an interface; nothing if there is none of this name.
    pub(crate) async fn look(&self, interface: &str) -> Option<Facts> {
        let looked = timeout(PATIENCE, self.facts(interface)).await;
        looked.ok().flatten()
    }

    async fn facts(&self, interface: &str) -> Option<Facts> {
        let links = self.handle.link().get().match_name(interface.to_owned());
        let mut links = std::pin::pin!(links.execute());
        let link: LinkMessage = links.try_next().await.ok().flatten()?;
        let index = link.header.index;
        let addresses = self.handle.address().get().set_link_index_filter(index);
        let addresses: Vec<AddressMessage> = addresses.execute().try_collect().await.ok()?;
        let flags = link.header.flags;
        Some(Facts {
            index,
            mac: mac(&link),
            is_up: flags.contains(LinkFlags::Up | LinkFlags::LowerUp),
            addresses: addresses.iter().filter_map(address).collect(),
        })
    }

    /// Puts addresses, or renews them, and waits until the kernel has confirmed each. After `lease` it
    /// removes them unless they are renewed.
    pub(crate) async fn put(
        &self,
        index: u32,
        addresses: &[IpNet],
        lease: Option<Duration>,
    ) -> Result<(), String> {
        for address in addresses {
            let (ip, prefix) = (address.addr(), address.prefix_len());
            let mut request = self.handle.address().add(index, ip, prefix).replace();
            attributes(request.message_mut(), ip, lease);
            let put = timeout(PATIENCE, request.execute()).await;
            let put = put.map_err(|_| "the kernel does not answer".to_owned());
            put.and_then(|put| put.map_err(|error| error.to_string()))
                .map_err(|why| format!("{address}: {why}"))?;
        }
        Ok(())
    }

    /// Removes addresses; those that are not there do no harm.
    pub(crate) async fn remove(&self, index: u32, addresses: &[IpNet]) -> Result<(), String> {
        let mut result = Ok(());
        for address in addresses {
            let message = message(index, address);
            let removed = timeout(PATIENCE, self.handle.address().del(message).execute()).await;
            match removed {
                Ok(Ok(())) => {}
                Ok(Err(rtnetlink::Error::NetlinkError(error)))
                    if matches!(error.raw_code(), GONE | NO_DEVICE) => {}
                Ok(Err(error)) => result = Err(format!("{address}: {error}")),
                Err(_) => result = Err(format!("{address}: the kernel does not answer")),
            }
        }
        result
    }
}

/// What the kernel says of an address or a link that is not there.
const GONE: i32 = -libc::EADDRNOTAVAIL;
const NO_DEVICE: i32 = -libc::ENODEV;

impl Changes {
    /// Waits until something has changed since it was last waited for. That there is an address more, as
    /// each renewal of a lease says, matters only to those who `want` one.
    pub(crate) async fn next(&mut self, want: bool) {
        let changed = tokio::select! {
            changed = self.lost.changed() => changed,
            changed = self.new.changed(), if want => changed,
        };
        if changed.is_err() {
            std::future::pending::<()>().await;
        }
        self.new.mark_unchanged();
    }
}

/// Whether it is about links, or the end of an address; or about something that was missed.
fn matters(payload: &NetlinkPayload<RouteNetlinkMessage>) -> bool {
    let NetlinkPayload::InnerMessage(message) = payload else {
        return true;
    };
    matches!(
        message,
        RouteNetlinkMessage::NewLink(_)
            | RouteNetlinkMessage::DelLink(_)
            | RouteNetlinkMessage::DelAddress(_)
    )
}

fn is_new_address(payload: &NetlinkPayload<RouteNetlinkMessage>) -> bool {
    matches!(
        payload,
        NetlinkPayload::InnerMessage(RouteNetlinkMessage::NewAddress(_))
    )
}

/// How an address is put: for a time, without a route and without asking whether somebody has it, since
/// that has been settled by the election. The kernel does not speak from one of IPv6 by itself.
fn attributes(message: &mut AddressMessage, ip: IpAddr, lease: Option<Duration>) {
    let mut flags = AddressFlags::Noprefixroute;
    if ip.is_ipv6() {
        flags |= AddressFlags::Nodad;
    }
    message.attributes.push(AddressAttribute::Flags(flags));
    if let Some(lease) = lease {
        let valid = u32::try_from(lease.as_secs()).unwrap_or(u32::MAX);
        let mut times = CacheInfo::default();
        times.ifa_valid = valid;
        times.ifa_preferred = if ip.is_ipv6() { 0 } else { valid };
        message.attributes.push(AddressAttribute::CacheInfo(times));
    }
}

fn message(index: u32, address: &IpNet) -> AddressMessage {
    let prefix = address.prefix_len();
    match address.addr() {
        IpAddr::V4(ip) => AddressMessageBuilder::<Ipv4Addr>::new()
            .index(index)
            .address(ip, prefix)
            .build(),
        IpAddr::V6(ip) => AddressMessageBuilder::<Ipv6Addr>::new()
            .index(index)
            .address(ip, prefix)
            .build(),
    }
}

fn address(message: &AddressMessage) -> Option<IpNet> {
    let (mut local, mut any) = (None, None);
    for attribute in &message.attributes {
        if let AddressAttribute::Local(ip) = attribute {
            local = Some(*ip);
        } else if let AddressAttribute::Address(ip) = attribute {
            any = Some(*ip);
        }
    }
    IpNet::new(local.or(any)?, message.header.prefix_len).ok()
}

fn mac(link: &LinkMessage) -> Mac {
    let mut mac = Mac::default();
    for attribute in &link.attributes {
        if let LinkAttribute::Address(bytes) = attribute
            && let Ok(bytes) = bytes.as_slice().try_into()
        {
            mac = Mac(bytes);
        }
    }
    mac
}
