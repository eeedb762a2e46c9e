//! Clients that mean to hold the edge up: they get no answer slower to anybody else.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::http::Connection;
use crate::origin::{Origin, answer};
use crate::process::{Edge, proxy_to, server};

/// Of each kind. The load script in `benches/load` has thousands.
const ATTACKERS: usize = 100;

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

/// Keeps `ATTACKERS` connections of one kind open until told to stop; counts those that the edge
/// has ended.
fn attack(edge: SocketAddr, attack: Attack, stop: &AtomicBool, ended: &AtomicUsize) {
    let connect = || {
        let mut stream = TcpStream::connect(edge).unwrap();
        stream.set_nonblocking(true).unwrap();
        drop(stream.write_all(attack.first.as_bytes()));
        stream
    };
    let mut clients: Vec<TcpStream> = (0..ATTACKERS).map(|_| connect()).collect();
    while !stop.load(Ordering::SeqCst) {
        for client in &mut clients {
            // Who never reads does not learn that it is over.
            let is_over = !attack.again.is_empty()
                && (client.write_all(attack.again.as_bytes()).is_err()
                    || client.read(&mut [0; 1024]).is_ok_and(|count| count == 0));
            if is_over {
                ended.fetch_add(1, Ordering::SeqCst);
                *client = connect();
            }
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn t4_slow_clients_hold_up_nobody_but_themselves() {
    let piece = vec![b'x'; 100_000];
    let origin = Origin::start(move |request, stream| {
        if request.path() != "/large" {
            return answer(stream, "small");
        }
        // More than the kernel holds for a connection.
        let head = b"HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n";
        stream.write_all(head).is_ok() && (0..100).all(|_| stream.write_all(&piece).is_ok())
    });
    let edge = Edge::start(&format!(
        "[client]\nheader_timeout = \"500ms\"\nbody_timeout = \"20ms\"\nsend_timeout = \"2s\"\n\
         lingering_time = \"200ms\"\n{}",
        proxy_to(&[server(origin.address, "")])
    ));
    let (stop, ended): (Arc<AtomicBool>, [Arc<AtomicUsize>; 3]) = Default::default();
    let threads: Vec<_> = ATTACKS
        .iter()
        .zip(&ended)
        .map(|(kind, ended)| {
            let (stop, ended) = (Arc::clone(&stop), Arc::clone(ended));
            let (address, kind) = (edge.http, *kind);
            std::thread::spawn(move || attack(address, kind, &stop, &ended))
        })
        .collect();
    // Each kind is given up at least once for every attacker, and again later.
    let end = Instant::now() + Duration::from_secs(30);
    let mut answered = 0;
    while answered < 500
        || ended[..2]
            .iter()
            .any(|ended| ended.load(Ordering::SeqCst) <= ATTACKERS)
    {
        assert!(Instant::now() < end, "{answered} answers, {ended:?}");
        let mut client = Connection::new(edge.http);
        for _ in 0..10 {
            client.send("GET /small HTTP/1.1\r\nHost: a\r\n\r\n");
            assert_eq!(client.reply().unwrap().text(), "small");
            answered += 1;
        }
    }
    edge.eventually("who does not read is given up", || {
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
