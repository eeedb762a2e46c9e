//! HTTP/2 frame by frame, for peers that no library would be.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use h2::Reason;

pub(super) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

pub(super) const DATA: u8 = 0;
pub(super) const HEADERS: u8 = 1;
pub(super) const PRIORITY: u8 = 2;
pub(super) const RST_STREAM: u8 = 3;
pub(super) const SETTINGS: u8 = 4;
pub(super) const PING: u8 = 6;
pub(super) const GOAWAY: u8 = 7;
pub(super) const WINDOW_UPDATE: u8 = 8;
pub(super) const CONTINUATION: u8 = 9;

pub(super) const ACK: u8 = 1;
pub(super) const END_STREAM: u8 = 1;
pub(super) const END_HEADERS: u8 = 4;

/// GET, `http`, `/`, and `test` as the authority (RFC 7541).
pub(super) const GET: &[u8] = b"\x82\x86\x84\x01\x04test";

/// The same with POST.
pub(super) const POST: &[u8] = b"\x83\x86\x84\x01\x04test";

/// Status 200.
const OK: &[u8] = b"\x88";

/// A frame (RFC 9113 §4.1).
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) kind: u8,
    pub(super) flags: u8,
    pub(super) stream: u32,
    pub(super) payload: Vec<u8>,
}

impl Frame {
    /// The reason in a `RST_STREAM` or GOAWAY.
    pub(super) fn reason(&self) -> Reason {
        let at = if self.kind == GOAWAY { 4 } else { 0 };
        let reason = self.payload[at..at + 4].try_into().unwrap();
        u32::from_be_bytes(reason).into()
    }
}

/// One side of a connection.
pub(super) struct Wire {
    pub(super) stream: TcpStream,
}

impl Wire {
    fn over(stream: TcpStream) -> Self {
        let patience = Some(Duration::from_secs(20));
        stream.set_read_timeout(patience).unwrap();
        stream.set_write_timeout(patience).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream }
    }

    /// A client's, with these settings.
    pub(super) fn client(address: SocketAddr, settings: &[u8]) -> Self {
        let mut wire = Self::over(TcpStream::connect(address).unwrap());
        wire.stream.write_all(PREFACE).unwrap();
        wire.send(SETTINGS, 0, 0, settings).unwrap();
        wire
    }

    pub(super) fn send(
        &mut self,
        kind: u8,
        flags: u8,
        stream: u32,
        payload: &[u8],
    ) -> io::Result<()> {
        self.stream.write_all(&frame(kind, flags, stream, payload))
    }

    /// The next frame; an error at the end.
    pub(super) fn read(&mut self) -> io::Result<Frame> {
        let mut head = [0; 9];
        self.stream.read_exact(&mut head)?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; usize::try_from(length).unwrap()];
        self.stream.read_exact(&mut payload)?;
        Ok(Frame {
            kind: head[3],
            flags: head[4],
            stream: u32::from_be_bytes([head[5], head[6], head[7], head[8]]),
            payload,
        })
    }

    /// The next frame of this kind that acknowledges nothing.
    pub(super) fn next(&mut self, kind: u8) -> io::Result<Frame> {
        loop {
            let frame = self.read()?;
            if frame.kind == kind && (kind != SETTINGS || frame.flags != ACK) {
                return Ok(frame);
            }
        }
    }

    /// Reads to the end; how the other side explained it.
    pub(super) fn end(&mut self) -> Option<Reason> {
        let mut reason = None;
        while let Ok(frame) = self.read() {
            if frame.kind == GOAWAY {
                reason = Some(frame.reason());
            }
        }
        reason
    }

    /// Sends these frames again and again until the other side ends the connection, and reads
    /// meanwhile what it says; its reason.
    pub(super) fn flood(mut self, frames: &[u8]) -> Option<Reason> {
        let writer = self.stream.try_clone().unwrap();
        std::thread::scope(|scope| {
            scope.spawn(move || deluge(writer, frames));
            self.end()
        })
    }

    /// The same without reading.
    pub(super) fn flood_deaf(self, frames: &[u8]) {
        deluge(self.stream, frames);
    }

    /// Answers a request, without a body.
    pub(super) fn answer(&mut self, stream: u32) -> bool {
        self.send(HEADERS, END_HEADERS | END_STREAM, stream, OK)
            .is_ok()
    }
}

fn deluge(mut stream: TcpStream, frames: &[u8]) {
    let end = Instant::now() + Duration::from_secs(20);
    let ended = loop {
        assert!(Instant::now() < end, "the flood is endured");
        if let Err(error) = stream.write_all(frames) {
            break error;
        }
    };
    assert_ne!(ended.kind(), io::ErrorKind::WouldBlock, "nobody ends it");
}

/// A header line that is in no table (RFC 7541 §6.2.2); `value` is longer than 126 bytes.
pub(super) fn line(name: &str, value: &str) -> Vec<u8> {
    let mut line = vec![0, u8::try_from(name.len()).unwrap()];
    line.extend_from_slice(name.as_bytes());
    line.push(0x7f);
    let mut rest = value.len() - 127;
    while rest > 127 {
        line.push(u8::try_from(rest % 128 + 128).unwrap());
        rest /= 128;
    }
    line.push(u8::try_from(rest).unwrap());
    line.extend_from_slice(value.as_bytes());
    line
}

/// A frame as it is sent.
pub(super) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = vec![length[1], length[2], length[3], kind, flags];
    frame.extend_from_slice(&stream.to_be_bytes());
    frame.extend_from_slice(payload);
    frame
}

/// A server.
pub(super) struct Server {
    pub(super) address: SocketAddr,
    connections: Arc<AtomicUsize>,
}

impl Server {
    /// One that acknowledges settings and pings, and leaves everything else to `answer`, with the
    /// connection's number, counted from 1, until that is false; then it says nothing any more.
    pub(super) fn start(
        answer: impl Fn(&mut Wire, usize, &Frame) -> bool + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let (count, answer) = (Arc::clone(&connections), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let number = count.fetch_add(1, Ordering::SeqCst) + 1;
                let answer = Arc::clone(&answer);
                std::thread::spawn(move || {
                    let mut wire = Wire::over(stream.unwrap());
                    drop(serve(&mut wire, |wire, frame| answer(wire, number, frame)));
                    // Its socket stays open until the edge has closed it.
                    drop(io::copy(&mut wire.stream, &mut io::sink()));
                });
            }
        });
        Self {
            address,
            connections,
        }
    }

    pub(super) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

fn serve(wire: &mut Wire, mut answer: impl FnMut(&mut Wire, &Frame) -> bool) -> io::Result<()> {
    wire.stream.read_exact(&mut [0; PREFACE.len()])?;
    wire.send(SETTINGS, 0, 0, &[])?;
    loop {
        let frame = wire.read()?;
        match (frame.kind, frame.flags) {
            (SETTINGS | PING, ACK) => {}
            (SETTINGS, _) => wire.send(SETTINGS, ACK, 0, &[])?,
            (PING, _) => wire.send(PING, ACK, 0, &frame.payload)?,
            _ => {}
        }
        if !answer(wire, &frame) {
            return Ok(());
        }
    }
}
