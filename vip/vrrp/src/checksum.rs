//! The internet checksum (RFC 1071), and the pseudo-headers that VRRP and `ICMPv6` put before it.

use std::net::IpAddr;

/// The sum of some bytes, before it is folded and complemented.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Sum(u64);

impl Sum {
    /// Adds bytes. Only the last part of a message may have an odd length, which is padded with zero.
    pub(crate) fn add(self, bytes: &[u8]) -> Self {
        let (pairs, rest) = bytes.as_chunks::<2>();
        let even: u64 = pairs
            .iter()
            .map(|&pair| u64::from(u16::from_be_bytes(pair)))
            .sum();
        let odd = rest.first().map_or(0, |&byte| u64::from(byte) << 8);
        Self(self.0 + even + odd)
    }

    /// The pseudo-header of IPv4 (RFC 793) or IPv6 (RFC 8200 section 8.1). A pair that mixes families
    /// is no packet; it gives a sum that fits none.
    pub(crate) fn pseudo_header(
        source: IpAddr,
        destination: IpAddr,
        protocol: u8,
        length: usize,
    ) -> Self {
        let addresses = Self::default().add_address(source).add_address(destination);
        Self(addresses.0 + u64::from(protocol) + length as u64)
    }

    /// What is written into the checksum's field; over a message with a good checksum it is zero.
    pub(crate) fn finish(self) -> u16 {
        let mut sum = self.0;
        while sum > 0xffff {
            sum = (sum & 0xffff) + (sum >> 16);
        }
        !u16::try_from(sum).unwrap_or(0)
    }

    fn add_address(self, address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => self.add(&address.octets()),
            IpAddr::V6(address) => self.add(&address.octets()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_rfc_1071() {
        let sum = Sum::default().add(&[0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]);
        assert_eq!(sum.finish(), !0xddf2);
    }

    #[test]
    fn an_odd_byte_is_the_upper_half() {
        assert_eq!(Sum::default().add(&[0x12]).finish(), !0x1200);
    }
}
