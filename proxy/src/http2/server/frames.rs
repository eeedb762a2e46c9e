//! A client's frames, looked at as they pass, for what h2 does not mind: a pure state machine.
//!
//! h2 bounds streams, resets, field blocks and small content, but answers PING and SETTINGS and skips what it
//! does not know as often as they come (CVE-2019-9512, CVE-2019-9515), takes a preface without SETTINGS, and
//! calls a length that cannot be `PROTOCOL_ERROR`.

use std::time::Instant;

use h2::Reason;

/// The client preface (RFC 9113 §3.4) before the first frame.
const PREFACE: usize = 24;

/// What begins each frame (RFC 9113 §4.1).
const HEAD: usize = 9;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const PRIORITY: u8 = 2;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;

const ACK: u8 = 1;

/// The frames of one client.
#[derive(Debug)]
pub(super) struct Frames {
    /// What is left of the preface, or of a payload.
    skip: usize,
    /// A head that is not complete.
    head: [u8; HEAD],
    /// How much of it there is.
    known: usize,
    /// Whether there was none before.
    is_first: bool,
    overhead: Overhead,
}

/// Why a client's connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Refused {
    /// How many of the bytes come before the frame that may not be.
    pub(super) before: usize,
    /// What the client is told.
    pub(super) reason: Reason,
}

impl Frames {
    /// Those of a connection that begins `now`, of which `overhead` bytes may be more than is in proportion.
    pub(super) fn new(overhead: u64, now: Instant) -> Self {
        Self {
            skip: PREFACE,
            head: [0; HEAD],
            known: 0,
            is_first: true,
            overhead: Overhead {
                most: overhead,
                left: overhead,
                owed: 0,
                at: now,
            },
        }
    }

    /// Looks at the next bytes.
    pub(super) fn read(&mut self, bytes: &[u8], now: Instant) -> Result<(), Refused> {
        self.overhead.wait(now);
        let mut at = 0;
        while at < bytes.len() {
            if self.skip > 0 {
                let count = self.skip.min(bytes.len() - at);
                self.skip -= count;
                at += count;
                continue;
            }
            let begin = at;
            while let (Some(byte), Some(room)) = (bytes.get(at), self.head.get_mut(self.known)) {
                *room = *byte;
                self.known += 1;
                at += 1;
            }
            if self.known == HEAD {
                self.known = 0;
                self.begin().map_err(|reason| Refused {
                    before: begin,
                    reason,
                })?;
            }
        }
        Ok(())
    }

    /// So many bytes are sent.
    pub(super) fn sent(&mut self, count: usize) {
        self.overhead.sent(count as u64);
    }

    /// A frame, of which the head is complete.
    fn begin(&mut self) -> Result<(), Reason> {
        let [high, middle, low, kind, flags, ..] = self.head;
        let length = u32::from_be_bytes([0, high, middle, low]);
        let acknowledges = flags & ACK != 0;
        if std::mem::take(&mut self.is_first) && (kind != SETTINGS || acknowledges) {
            return Err(Reason::PROTOCOL_ERROR);
        }
        let fits = match kind {
            PRIORITY => length == 5,
            RST_STREAM | WINDOW_UPDATE => length == 4,
            SETTINGS if acknowledges => length == 0,
            SETTINGS => length.is_multiple_of(6),
            PING => length == 8,
            GOAWAY => length >= 8,
            _ => true,
        };
        if !fits {
            return Err(Reason::FRAME_SIZE_ERROR);
        }
        self.skip = usize::try_from(length).unwrap_or(usize::MAX);
        let size = u64::from(length) + HEAD as u64;
        match kind {
            HEADERS | CONTINUATION => self.overhead.earn(size),
            DATA if length > 0 => self.overhead.earn(size),
            PING | SETTINGS if !acknowledges => self.overhead.spend(size, answer(kind)),
            _ => self.overhead.spend(size, 0),
        }
        (self.overhead.left > 0)
            .then_some(())
            .ok_or(Reason::ENHANCE_YOUR_CALM)
    }
}

/// The size of the frame that answers one of this kind.
fn answer(kind: u8) -> u64 {
    HEAD as u64 + if kind == PING { 8 } else { 0 }
}

/// How many bytes may come that are no part of a request. Whoever asks and is answered may say
/// [`PER_BYTE`] times as much about it: libraries acknowledge every frame of content with two, and some measure
/// the way with a PING for each. Whoever is silent may say [`PER_SECOND`]: a sign of life now and then.
#[derive(Debug)]
struct Overhead {
    most: u64,
    left: u64,
    /// What we have to send for no reason but that the client says such things.
    owed: u64,
    at: Instant,
}

/// Bytes for each byte of requests and of answers.
const PER_BYTE: u64 = 4;

/// Bytes for each second: 60 PINGs.
const PER_SECOND: u64 = 1024;

impl Overhead {
    fn wait(&mut self, now: Instant) {
        let seconds = now.saturating_duration_since(self.at).as_secs();
        if seconds > 0 {
            self.at = now;
            self.add(seconds.saturating_mul(PER_SECOND));
        }
    }

    fn earn(&mut self, bytes: u64) {
        self.add(bytes.saturating_mul(PER_BYTE));
    }

    fn spend(&mut self, bytes: u64, owed: u64) {
        self.left = self.left.saturating_sub(bytes);
        self.owed = self.owed.saturating_add(owed);
    }

    fn sent(&mut self, bytes: u64) {
        let owed = bytes.min(self.owed);
        self.owed -= owed;
        self.earn(bytes - owed);
    }

    fn add(&mut self, bytes: u64) {
        self.left = self.left.saturating_add(bytes).min(self.most);
    }
}

#[cfg(test)]
mod tests;
