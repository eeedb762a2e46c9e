//! Programs by which the kernel sorts out packets before they cost anything.

use socket2::SockFilter;

const LOAD_BYTE: u16 = 0x30;
const LOAD_HALF: u16 = 0x28;
/// The byte at X and some more.
const LOAD_BYTE_AFTER_X: u16 = 0x50;
/// X becomes the length of the IPv4 header at this offset.
const X_IS_HEADER: u16 = 0xb1;
const SAME: u16 = 0x15;
const RETURN: u16 = 0x06;

const PASS: SockFilter = SockFilter::new(RETURN, 0, 0, 0xffff);
const DROP: SockFilter = SockFilter::new(RETURN, 0, 0, 0);

/// Skips the `past` instructions that follow if the value is another.
fn unless(value: u32, past: u8) -> SockFilter {
    SockFilter::new(SAME, 0, past, value)
}

fn load(code: u16, offset: u32) -> SockFilter {
    SockFilter::new(code, 0, 0, offset)
}

/// Nothing passes: of a socket that only sends.
pub(super) const NOTHING: [SockFilter; 1] = [DROP];

/// Adverts of one virtual router over IPv4, from the IP header on.
pub(super) fn adverts_v4(virtual_router_id: u8) -> [SockFilter; 7] {
    [
        load(LOAD_BYTE, 9),
        unless(112, 4),
        load(X_IS_HEADER, 0),
        load(LOAD_BYTE_AFTER_X, 1),
        unless(virtual_router_id.into(), 1),
        PASS,
        DROP,
    ]
}

/// Adverts of one virtual router over IPv6, from the IP header on.
pub(super) fn adverts_v6(virtual_router_id: u8) -> [SockFilter; 6] {
    [
        load(LOAD_BYTE, 6),
        unless(112, 3),
        load(LOAD_BYTE, 41),
        unless(virtual_router_id.into(), 1),
        PASS,
        DROP,
    ]
}

/// Answers of ARP, from the Ethernet header on.
pub(super) fn arp_answers() -> [SockFilter; 4] {
    [load(LOAD_HALF, 20), unless(2, 1), PASS, DROP]
}

/// Neighbour advertisements, from the Ethernet header on.
pub(super) fn neighbour_advertisements() -> [SockFilter; 6] {
    [
        load(LOAD_BYTE, 20),
        unless(58, 3),
        load(LOAD_BYTE, 54),
        unless(136, 1),
        PASS,
        DROP,
    ]
}
