//! What keepalived 2.2.7 sends, from the IP header on: printed by tests/capture.sh, which lets tshark judge
//! the checksums (all good, except those of [`V3_OLD_UNICAST`]). Virtual router 51, priority 100, and the
//! last packet of each pair with priority 0.

/// Version 2, multicast, 1 s, the seed's password.
pub(super) const V2_PASS: [&str; 2] = [
    "45c0002800010000ff70d0440a4d0001e0000012213364010101bb660a4d0064796f75725f6b6565",
    "45c0002800040000ff70d0410a4d0001e00000122133000101011f670a4d0064796f75725f6b6565",
];

/// Version 2, multicast, 1 s, two addresses, not authenticated.
pub(super) const V2_NONE: [&str; 2] = [
    "45c0002c00010000ff70d0400a4d0001e000001221336402000165660a4d00640a4d00650000000000000000",
    "45c0002c00040000ff70d03d0a4d0001e000001221330002\
     0001c9660a4d00640a4d00650000000000000000",
];

/// Version 3, multicast, 100 ms.
pub(super) const V3_MULTICAST: [&str; 2] = [
    "45c0002000010000ff70d04c0a4d0001e000001231336401000a75330a4d0064",
    "45c00020001c0000ff70d0310a4d0001e000001231330001000ad9330a4d0064",
];

/// Version 3, unicast to 10.77.0.2, 100 ms.
pub(super) const V3_UNICAST: [&str; 2] = [
    "45c0002000010000ff70a6100a4d00010a4d000231336401000a4af70a4d0064",
    "45c00020001b0000ff70a5f60a4d00010a4d000231330001000aaef70a4d0064",
];

/// The same with `old_unicast_checksum`: summed as if it were multicast, which nobody else does.
pub(super) const V3_OLD_UNICAST: &str =
    "45c0002000010000ff70a6100a4d00010a4d000231336401000a75330a4d0064";

/// Version 3, IPv6, multicast, 100 ms, `fe80::51` and `2001:db8::100`.
pub(super) const V3_IPV6: [&str; 2] = [
    "6c03e722002870fffe80000000000000000000fffe000001ff020000000000000000000000000012\
     31336402000a4006fe80000000000000000000000000005120010db8000000000000000000000100",
    "6c03e722002870fffe80000000000000000000fffe000001ff020000000000000000000000000012\
     31330002000aa406fe80000000000000000000000000005120010db8000000000000000000000100",
];
