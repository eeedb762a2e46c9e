//! What tests of whole programs share: the programs, and addresses for them.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

/// A program of this workspace, from the folder that the test was built into.
///
/// # Panics
///
/// If it is not built.
pub fn program(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap_or_default();
    let built = test
        .parent()
        .and_then(Path::parent)
        .map(|dir| dir.join(name));
    let built = built.unwrap_or_default();
    assert!(
        built.exists(),
        "{} is not built: cargo build --release --workspace",
        built.display()
    );
    built
}

/// An address that nothing listens on.
pub fn free_address() -> SocketAddr {
    // Below the ports that the kernel gives to outgoing connections, of which the tests make many;
    // a port from there could be taken again before the program under test binds it.
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let offset = (std::process::id() % 10_000) as u16;
    loop {
        let port = 10_000 + offset + NEXT.fetch_add(1, Ordering::Relaxed);
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        if TcpListener::bind(address).is_ok() {
            return address;
        }
    }
}

/// Waits until `condition` holds; twenty seconds are enough on any machine.
///
/// # Panics
///
/// If it does not hold by then.
pub fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(20);
    while !condition() {
        assert!(Instant::now() < end, "not in time: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
