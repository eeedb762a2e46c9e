//! Addresses: where sockets listen, and who is at their other end.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

/// Where a stream socket listens.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Address {
    /// A TCP port.
    Tcp(SocketAddr),
    /// A Unix socket with an absolute path.
    Unix(PathBuf),
}

/// Text that is no address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadAddress {
    /// Neither an IP address with a port nor `unix:` and a path.
    #[error("is not an IP address with a port")]
    NotAnAddress,
    /// Port 0, which lets the kernel choose.
    #[error("has port 0, which is no port")]
    PortZero,
    /// A path whose meaning would depend on where the program was started.
    #[error("is not an absolute path after `unix:`")]
    RelativePath,
    /// A path that does not fit `sun_path` (unix(7)).
    #[error("is longer than a socket's path may be ({LONGEST_PATH} bytes)")]
    LongPath,
}

/// `sun_path` has room for 107 bytes; a new socket waits beside its place under a name that is four
/// bytes longer.
const LONGEST_PATH: usize = 103;

impl FromStr for Address {
    type Err = BadAddress;

    fn from_str(text: &str) -> Result<Self, BadAddress> {
        if let Some(path) = text.strip_prefix("unix:") {
            return if !path.starts_with('/') || path.ends_with('/') || path.contains('\0') {
                Err(BadAddress::RelativePath)
            } else if path.len() > LONGEST_PATH {
                Err(BadAddress::LongPath)
            } else {
                Ok(Self::Unix(PathBuf::from(path)))
            };
        }
        let address: SocketAddr = text.parse().map_err(|_| BadAddress::NotAnAddress)?;
        if address.port() == 0 {
            return Err(BadAddress::PortZero);
        }
        Ok(Self::Tcp(address))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// Who is at the other end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Peer {
    /// Somebody with an IP address; one of IPv4 that came through an IPv6 socket is IPv4 here.
    Ip(IpAddr),
    /// A process of this machine, through a Unix socket.
    #[default]
    Unix,
}

impl From<SocketAddr> for Peer {
    fn from(address: SocketAddr) -> Self {
        Self::Ip(address.ip().to_canonical())
    }
}

impl fmt::Display for Peer {
    /// Without port, and `unix:` for a Unix socket, as nginx's `$remote_addr`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(address) => address.fmt(f),
            Self::Unix => f.write_str("unix:"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Address, BadAddress, Peer};

    #[test]
    fn reads_what_nginx_s_listen_reads() {
        for text in ["0.0.0.0:80", "[::]:80", "[::1]:8080", "unix:/run/edge.sock"] {
            assert_eq!(text.parse::<Address>().unwrap().to_string(), text);
        }
        for (text, error) in [
            ("80", BadAddress::NotAnAddress),
            ("localhost:80", BadAddress::NotAnAddress),
            ("127.0.0.1:0", BadAddress::PortZero),
            ("unix:edge.sock", BadAddress::RelativePath),
            ("unix:/run/", BadAddress::RelativePath),
            ("unix:", BadAddress::RelativePath),
        ] {
            assert_eq!(text.parse::<Address>(), Err(error), "{text}");
        }
        let long = format!("unix:/{}", "a".repeat(103));
        assert_eq!(long.parse::<Address>(), Err(BadAddress::LongPath));
    }

    #[test]
    fn a_peer_has_one_name_however_it_came() {
        let through_ipv6: std::net::SocketAddr = "[::ffff:192.0.2.1]:5".parse().unwrap();
        assert_eq!(Peer::from(through_ipv6).to_string(), "192.0.2.1");
        assert_eq!(Peer::Unix.to_string(), "unix:");
    }

    proptest! {
        #[test]
        fn what_is_shown_reads_back(text in "(unix:/[a-z/]{1,20}|[0-9.]{7,15}:[0-9]{1,5})") {
            if let Ok(address) = text.parse::<Address>() {
                prop_assert_eq!(address.to_string().parse(), Ok(address));
            }
        }
    }
}
