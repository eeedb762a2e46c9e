//! Clients that mean to hold the edge up: they get no answer slower to anybody else, and cost little.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use socket2::{Domain, Socket, Type};

use crate::http::Connection;
use crate::origin::{Origin, answer};
use crate::process::{Edge, proxy_to, server};

/// Of each kind.
const ATTACKERS: usize = 2_000;
/// Connections that say nothing.
const IDLE: usize = 10_000;
/// The files that a test may need open at once.
const FILES: u64 = 16_000;

/// What an attacker sends first, and again and again.
#[derive(Clone, Copy)]
struct Attack {
    first: &'static str,
    again: &'static str,
}

const ATTACKS: [Attack; 3] = [
    // A head that never ends.
    Attack {
        first: "GET /small HTTP/1.1\r\nHost: a\r\n",
        again: "X: y\r\n",
    },
    // A body that never ends.
    Attack {
        first: "POST /small HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n",
        again: "x",
    },
    // An answer that is never read.
    Attack {
        first: "GET /large HTTP/1.1\r\nHost: a\r\n\r\n",
        again: "",
    },
];

/// Lets this process open as many files as these tests need, and only one of them at a time.
fn many_files() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    let guard = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    assert!(
        most >= FILES,
        "{FILES} open files are needed, {most} allowed"
    );
    setrlimit(Resource::RLIMIT_NOFILE, most, most).unwrap();
    guard
}

fn connect(edge: SocketAddr, first: &str) -> Socket {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    // Otherwise the kernel alone takes megabytes for who does not read.
    socket.set_tcp_mss(1_460).unwrap();
    socket.set_recv_buffer_size(4_096).unwrap();
    socket.connect(&edge.into()).unwrap();
    socket.set_nonblocking(true).unwrap();
    drop((&socket).write_all(first.as_bytes()));
    socket
}

/// Keeps `ATTACKERS` connections of one kind open until told to stop; counts those that are open,
/// and those that the edge has ended.
fn attack(edge: SocketAddr, attack: Attack, stop: &AtomicBool, counts: &[AtomicUsize; 2]) {
    let [open, ended] = counts;
    let connect = || {
        let client = connect(edge, attack.first);
        open.fetch_add(1, Ordering::SeqCst);
        client
    };
    let mut clients: Vec<Socket> = (0..ATTACKERS).map(|_| connect()).collect();
    while !stop.load(Ordering::SeqCst) {
        for client in &mut clients {
            // Who never reads does not learn that it is over.
            let is_over = !attack.again.is_empty()
                && ((&*client).write_all(attack.again.as_bytes()).is_err()
                    || (&*client)
                        .read(&mut [0; 1024])
                        .is_ok_and(|count| count == 0));
            if is_over {
                open.fetch_sub(1, Ordering::SeqCst);
                ended.fetch_add(1, Ordering::SeqCst);
                *client = connect();
            }
        }
        std::thread::sleep(Duration::from_millis(250));
    }
}

fn resident(edge: &Edge) -> u64 {
    edge.metric("process_resident_memory_bytes", &[])
}

#[test]
fn t4_slow_clients_hold_up_nobody_but_themselves() {
    let _guard = many_files();
    let body = vec![b'x'; 300_000];
    let origin = Origin::start(move |request, stream| {
        if request.path() != "/large" {
            return answer(stream, "small");
        }
        // More than the kernel holds for such a connection.
        let head = b"HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n";
        stream.write_all(head).is_ok() && stream.write_all(&body).is_ok()
    });
    let edge = Edge::start(&format!(
        "[client]\nheader_timeout = \"3s\"\nbody_timeout = \"100ms\"\nsend_timeout = \"20s\"\n\
         lingering_time = \"200ms\"\n{}",
        proxy_to(&[server(origin.address, "")])
    ));
    let before = resident(&edge);
    let (stop, counts): (Arc<AtomicBool>, [Arc<[AtomicUsize; 2]>; 3]) = Default::default();
    let threads: Vec<_> = ATTACKS
        .iter()
        .zip(&counts)
        .map(|(kind, counts)| {
            let (stop, counts) = (Arc::clone(&stop), Arc::clone(counts));
            let (address, kind) = (edge.http, *kind);
            std::thread::spawn(move || attack(address, kind, &stop, &counts))
        })
        .collect();
    let all = |which: usize| {
        counts
            .each_ref()
            .map(|kind| kind[which].load(Ordering::SeqCst))
    };
    // All are there, and each kind is given up at least once for every attacker.
    let end = Instant::now() + Duration::from_mins(1);
    let (mut answered, mut most) = (0, 0);
    while answered < 500
        || all(0).iter().any(|open| *open < ATTACKERS)
        || all(1)[..2].iter().any(|ended| *ended <= ATTACKERS)
    {
        assert!(Instant::now() < end, "{answered} answers, {counts:?}");
        let mut client = Connection::new(edge.http);
        for _ in 0..10 {
            client.send("GET /small HTTP/1.1\r\nHost: a\r\n\r\n");
            assert_eq!(client.reply().unwrap().text(), "small");
            answered += 1;
        }
        most = most.max(resident(&edge));
    }
    let each = most.saturating_sub(before) / (3 * ATTACKERS as u64);
    assert!(each < 96 * 1024, "{each} bytes for each attacker");
    edge.eventually("who does not read keeps no server busy", || {
        edge.metric("edge_upstream_active", &[]) == 0
    });
    stop.store(true, Ordering::SeqCst);
    for thread in threads {
        thread.join().unwrap();
    }
    edge.eventually("nothing is left of them", || {
        edge.metric("edge_connections", &[]) == 0
    });
    assert_eq!(edge.metric("edge_panics_total", &[]), 0);
}

#[test]
fn idle_connections_cost_little_and_are_served_when_they_ask() {
    let _guard = many_files();
    let origin = Origin::saying("x");
    let edge = Edge::start(&proxy_to(&[server(origin.address, "")]));
    let before = resident(&edge);
    let mut idle: Vec<TcpStream> = (0..IDLE)
        .map(|_| TcpStream::connect(edge.http).unwrap())
        .collect();
    edge.eventually("all are there", || {
        edge.metric("edge_connections", &["state=\"idle\""]) >= IDLE as u64
    });
    let each = resident(&edge).saturating_sub(before) / IDLE as u64;
    assert!(each < 16 * 1024, "{each} bytes for each connection");
    assert_eq!(edge.get("/").text(), "x");
    for client in idle.drain(..).step_by(IDLE / 10) {
        let mut client = Connection::over(client);
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        assert_eq!(client.reply().unwrap().text(), "x");
    }
}
