use proptest::prelude::*;

use super::{BadHeader, Ends, Origin, Outcome, Version, parse, v2, write};

fn tcp(source: &str, destination: &str) -> Origin {
    Origin::Tcp(Ends::new(
        source.parse().unwrap(),
        destination.parse().unwrap(),
    ))
}

fn complete(bytes: &[u8]) -> Origin {
    match parse(bytes) {
        Ok(Outcome::Complete { length, origin }) => {
            assert_eq!(length, bytes.len());
            origin
        }
        other => panic!("{other:?}: {}", bytes.escape_ascii()),
    }
}

fn v2(command: u8, family: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    [v2::SIGNATURE, &[command, family], &length, content].concat()
}

#[test]
fn version_1() {
    assert_eq!(
        complete(b"PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n"),
        tcp("192.0.2.1:56324", "198.51.100.1:443")
    );
    assert_eq!(
        complete(b"PROXY TCP6 2001:db8::1 ::1 0 65535\r\n"),
        tcp("[2001:db8::1]:0", "[::1]:65535")
    );
    assert_eq!(complete(b"PROXY UNKNOWN\r\n"), Origin::Sender);
    let longest = b"PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n";
    assert_eq!(complete(longest), Origin::Sender);
}

#[test]
fn version_1_is_strict() {
    for line in [
        "PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\n",
        "PROXY TCP4 192.0.2.1 198.51.100.1 56324\r\n",
        "PROXY TCP4 192.0.2.1 198.51.100.1 56324 443 1\r\n",
        "PROXY TCP4 192.0.2.1  198.51.100.1 56324 443\r\n",
        "PROXY TCP4 192.0.2.01 198.51.100.1 56324 443\r\n",
        "PROXY TCP4 192.0.2.1 198.51.100.1 056324 443\r\n",
        "PROXY TCP4 192.0.2.1 198.51.100.1 +56324 443\r\n",
        "PROXY TCP4 192.0.2.1 198.51.100.1 65536 443\r\n",
        "PROXY TCP4 ::1 ::1 1 2\r\n",
        "PROXY TCP6 192.0.2.1 192.0.2.1 1 2\r\n",
        "PROXY UDP4 192.0.2.1 192.0.2.1 1 2\r\n",
        "PROXY UNKNOWNX\r\n",
        "PROXY \r\n",
    ] {
        assert_eq!(parse(line.as_bytes()), Err(BadHeader::Malformed), "{line}");
    }
    for start in [
        "GET / HTTP/1.1\r\n",
        "proxy TCP4",
        "PROXYTCP4",
        "\r\n\r\n\0\r\nQUIX",
    ] {
        assert_eq!(parse(start.as_bytes()), Err(BadHeader::Missing), "{start}");
    }
    let line = format!("PROXY UNKNOWN {}\r\n", "x".repeat(91));
    assert_eq!(line.len(), 107);
    assert_eq!(complete(line.as_bytes()), Origin::Sender);
    let line = format!("PROXY UNKNOWN {}\r\n", "x".repeat(92));
    assert_eq!(parse(line.as_bytes()), Err(BadHeader::TooLong));
}

#[test]
fn version_2() {
    let ends = [192, 0, 2, 1, 198, 51, 100, 1, 0xdc, 0x04, 1, 0xbb];
    let named = tcp("192.0.2.1:56324", "198.51.100.1:443");
    assert_eq!(complete(&v2(0x21, 0x11, &ends)), named);
    let with_extensions = [ends.as_slice(), &[4, 0, 3, 0, 0, 0]].concat();
    assert_eq!(complete(&v2(0x21, 0x11, &with_extensions)), named);
    assert_eq!(complete(&v2(0x20, 0x11, &ends)), Origin::Sender, "LOCAL");
    assert_eq!(complete(&v2(0x20, 0x00, &[])), Origin::Sender);
    assert_eq!(complete(&v2(0x21, 0x00, &ends)), Origin::Sender);
    assert_eq!(complete(&v2(0x21, 0x31, &[0; 216])), Origin::Unix);
    for (command, family, length) in [
        (0x21, 0x11, 11),
        (0x21, 0x21, 35),
        (0x21, 0x31, 215),
        (0x21, 0x12, 12),
        (0x21, 0x41, 36),
        (0x22, 0x11, 12),
        (0x11, 0x11, 12),
    ] {
        let header = v2(command, family, &vec![0; length]);
        assert_eq!(parse(&header), Err(BadHeader::Malformed), "{header:?}");
    }
    assert_eq!(parse(&v2(0x21, 0x11, &[0; 4081])), Err(BadHeader::TooLong));
}

#[test]
fn mixed_families_are_written_as_ipv6() {
    let ends = Ends::new("192.0.2.1:1".parse().unwrap(), "[::1]:2".parse().unwrap());
    let mut line = Vec::new();
    write(&mut line, Version::V1, Some(&ends));
    assert_eq!(line, b"PROXY TCP6 ::ffff:192.0.2.1 ::1 1 2\r\n");
    assert_eq!(complete(&line), Origin::Tcp(ends));
}

/// Headers, good and nearly good.
fn headers() -> impl Strategy<Value = Vec<u8>> {
    let line =
        "PROXY (TCP4|TCP6|UNKNOWN) [0-9a-f.:]{0,20} [0-9a-f.:]{0,20} [0-9]{0,6} [0-9]{0,6}\r?\n?";
    let binary = (
        prop_oneof![Just(0x20u8), Just(0x21), any::<u8>()],
        prop_oneof![Just(0x11u8), Just(0x21), Just(0x31), any::<u8>()],
        prop::collection::vec(any::<u8>(), 0..300),
    );
    prop_oneof![
        line.prop_map(String::into_bytes),
        binary.prop_map(|(command, family, content)| v2(command, family, &content)),
        prop::collection::vec(any::<u8>(), 0..300),
    ]
}

proptest! {
    #[test]
    fn what_is_written_reads_back(
        source in any::<std::net::SocketAddr>(), destination in any::<std::net::SocketAddr>(),
        known in any::<bool>(), rest in prop::collection::vec(any::<u8>(), 0..20),
    ) {
        let ends = known.then(|| Ends::new(source, destination));
        for version in [Version::V1, Version::V2] {
            let mut bytes = Vec::new();
            write(&mut bytes, version, ends.as_ref());
            let length = bytes.len();
            bytes.extend_from_slice(&rest);
            let origin = ends.map_or(Origin::Sender, Origin::Tcp);
            prop_assert_eq!(parse(&bytes), Ok(Outcome::Complete { length, origin }));
        }
    }

    /// However the bytes arrive the outcome is the same, and no byte after the header is taken.
    #[test]
    fn arriving_in_pieces_changes_nothing(header in headers(), rest in "[a-z]{0,9}") {
        let whole = [header.as_slice(), rest.as_bytes()].concat();
        let outcome = parse(&whole);
        for end in 0..whole.len() {
            match parse(&whole[..end]) {
                Ok(Outcome::Partial) => {}
                early => prop_assert_eq!(early, outcome),
            }
        }
        if let Ok(Outcome::Complete { length, .. }) = outcome {
            prop_assert!(length <= whole.len() && length <= 4096);
        }
    }
}
