//! An upstream server that does what the test says.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::process::free_address;

/// A request as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    /// The head, without its empty line.
    pub(crate) head: String,
    /// The body, chunks joined.
    pub(crate) body: Vec<u8>,
}

impl Seen {
    /// The path asked for.
    pub(crate) fn path(&self) -> &str {
        self.head.split(' ').nth(1).unwrap()
    }

    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .find(|(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }
}

/// Writes the answer; `false` closes the connection.
pub(crate) type Handler = dyn Fn(&Seen, &mut TcpStream) -> bool + Send + Sync;

/// A running origin.
pub(crate) struct Origin {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    connections: Arc<Mutex<Vec<TcpStream>>>,
    stopped: Arc<AtomicBool>,
}

impl Origin {
    /// Starts an origin on a port of its own.
    pub(crate) fn start(
        handler: impl Fn(&Seen, &mut TcpStream) -> bool + Send + Sync + 'static,
    ) -> Self {
        Self::start_at(free_address(), handler)
    }

    /// Starts an origin that answers 200 with `text`.
    pub(crate) fn saying(text: &'static str) -> Self {
        Self::start(move |_, stream| answer(stream, text))
    }

    /// Starts an origin that sends so many events, each when there has been word that the one before
    /// has been read.
    pub(crate) fn of_events(count: u32) -> (Self, Sender<()>) {
        let (go_on, wait) = channel();
        let wait = Mutex::new(wait);
        let origin = Self::start(move |_, stream| {
            let head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\
                         Transfer-Encoding: chunked\r\n\r\n";
            stream.write_all(head).unwrap();
            for event in 0..count {
                let event = format!("9\r\ndata: {event}\n\n\r\n");
                stream.write_all(event.as_bytes()).unwrap();
                let wait = wait.lock().unwrap();
                wait.recv_timeout(Duration::from_secs(5)).unwrap();
            }
            stream.write_all(b"0\r\n\r\n").is_ok()
        });
        (origin, go_on)
    }

    /// Starts an origin at an address.
    pub(crate) fn start_at(
        address: SocketAddr,
        handler: impl Fn(&Seen, &mut TcpStream) -> bool + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        let origin = Self {
            address,
            seen: Arc::default(),
            connections: Arc::default(),
            stopped: Arc::default(),
        };
        let handler: Arc<Handler> = Arc::new(handler);
        let (seen, connections, stopped) = (
            Arc::clone(&origin.seen),
            Arc::clone(&origin.connections),
            Arc::clone(&origin.stopped),
        );
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(stream) = stream else { continue };
                connections
                    .lock()
                    .unwrap()
                    .push(stream.try_clone().unwrap());
                let (seen, handler) = (Arc::clone(&seen), Arc::clone(&handler));
                std::thread::spawn(move || converse(stream, &seen, &*handler));
            }
        });
        origin
    }

    /// The requests that have arrived.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// Connections that were ever opened.
    pub(crate) fn connections(&self) -> usize {
        self.connections.lock().unwrap().len()
    }

    /// Closes the port and every connection, as the end of a process would.
    pub(crate) fn stop(self) {
        drop(self);
    }
}

impl Drop for Origin {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::SeqCst);
        // Wakes the accepting thread, which closes the port.
        drop(TcpStream::connect(self.address));
        for connection in self.connections.lock().unwrap().iter() {
            drop(connection.shutdown(std::net::Shutdown::Both));
        }
        while TcpStream::connect(self.address).is_ok() {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// Answers 200 with `text`.
pub(crate) fn answer(stream: &mut TcpStream, text: &str) -> bool {
    let length = text.len();
    let head =
        format!("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\n\r\n");
    stream.write_all((head + text).as_bytes()).is_ok()
}

fn converse(stream: TcpStream, seen: &Mutex<Vec<Seen>>, handler: &Handler) {
    stream.set_nodelay(true).unwrap();
    let mut writer = stream.try_clone().unwrap();
    let mut reader = BufReader::new(stream);
    while let Some(request) = read(&mut reader) {
        seen.lock().unwrap().push(request.clone());
        if !handler(&request, &mut writer) {
            break;
        }
    }
    drop(writer.shutdown(std::net::Shutdown::Both));
}

fn read(reader: &mut BufReader<TcpStream>) -> Option<Seen> {
    let mut head = String::new();
    loop {
        let mut line = Vec::new();
        if reader.read_until(b'\n', &mut line).ok()? == 0 {
            return None;
        }
        if line == b"\r\n" {
            break;
        }
        head.push_str(&String::from_utf8_lossy(&line));
    }
    let mut request = Seen {
        head,
        body: Vec::new(),
    };
    if request.header("transfer-encoding") == Some("chunked") {
        loop {
            let mut size = String::new();
            reader.read_line(&mut size).ok()?;
            let size = usize::from_str_radix(size.trim_end(), 16).ok()?;
            let mut chunk = vec![0; size + 2];
            reader.read_exact(&mut chunk).ok()?;
            request.body.extend_from_slice(&chunk[..size]);
            if size == 0 {
                break;
            }
        }
    } else if let Some(length) = request.header("content-length") {
        request.body.resize(length.parse().ok()?, 0);
        reader.read_exact(&mut request.body).ok()?;
    }
    Some(request)
}
