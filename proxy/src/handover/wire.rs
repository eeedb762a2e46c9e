//! Messages and descriptors on the socket between two processes: each message is JSON behind its
//! length, each lot of descriptors rides on one byte.

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{BorrowedFd, OwnedFd};

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, Interest};
use tokio::net::UnixStream;

/// No message is longer: a hundred thousand servers need less.
const LONGEST: u32 = 64 << 20;

/// Descriptors that go together; the kernel takes 253 (`SCM_MAX_FD`).
const LOT: usize = 64;

/// Room for a lot's control message.
const SPACE: usize = rustix::cmsg_space!(ScmRights(LOT));

/// A message as it is sent.
pub(super) fn frame(message: &impl Serialize) -> io::Result<Vec<u8>> {
    let text = serde_json::to_vec(message)?;
    let length = u32::try_from(text.len())
        .ok()
        .filter(|length| *length <= LONGEST)
        .ok_or_else(|| io::Error::other("a message is too long"))?;
    Ok([&length.to_be_bytes(), text.as_slice()].concat())
}

/// Sends a message.
pub(super) async fn write(stream: &mut UnixStream, message: &impl Serialize) -> io::Result<()> {
    stream.write_all(&frame(message)?).await
}

/// Receives a message.
pub(super) async fn read<T: DeserializeOwned>(stream: &mut UnixStream) -> io::Result<T> {
    let length = stream.read_u32().await?;
    if length > LONGEST {
        return Err(io::Error::other("what comes is no message"));
    }
    let mut text = vec![0; usize::try_from(length).map_err(io::Error::other)?];
    stream.read_exact(&mut text).await?;
    Ok(serde_json::from_slice(&text)?)
}

/// Sends descriptors; how many there are the other side has to know.
pub(super) async fn send(stream: &UnixStream, descriptors: &[BorrowedFd<'_>]) -> io::Result<()> {
    for lot in descriptors.chunks(LOT) {
        stream
            .async_io(Interest::WRITABLE, || {
                let mut space = [MaybeUninit::uninit(); SPACE];
                let mut control = SendAncillaryBuffer::new(&mut space);
                if !control.push(SendAncillaryMessage::ScmRights(lot)) {
                    return Err(io::Error::other("too many descriptors at once"));
                }
                let byte = [IoSlice::new(&[0])];
                Ok(sendmsg(stream, &byte, &mut control, SendFlags::NOSIGNAL)?)
            })
            .await?;
    }
    Ok(())
}

/// Receives that many descriptors. No program that this one starts inherits them.
pub(super) async fn receive(stream: &UnixStream, count: usize) -> io::Result<Vec<OwnedFd>> {
    let mut descriptors = Vec::new();
    while descriptors.len() < count {
        let lot = stream
            .async_io(Interest::READABLE, || receive_lot(stream))
            .await?;
        if lot.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        descriptors.extend(lot);
    }
    Ok(descriptors)
}

fn receive_lot(stream: &UnixStream) -> io::Result<Vec<OwnedFd>> {
    let mut space = [MaybeUninit::uninit(); SPACE];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut byte = [0];
    let mut bytes = [IoSliceMut::new(&mut byte)];
    recvmsg(stream, &mut bytes, &mut control, RecvFlags::CMSG_CLOEXEC)?;
    let mut descriptors = Vec::new();
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(lot) = message {
            descriptors.extend(lot);
        }
    }
    Ok(descriptors)
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::os::fd::AsFd as _;

    use super::*;

    #[tokio::test]
    async fn messages_and_many_descriptors_arrive_in_their_order() {
        let (mut here, mut there) = UnixStream::pair().unwrap();
        // Each pipe holds its number.
        let pipes: Vec<_> = (0..150_u8)
            .map(|number| {
                let (reader, mut writer) = io::pipe().unwrap();
                writer.write_all(&[number]).unwrap();
                reader
            })
            .collect();
        let borrowed: Vec<_> = pipes.iter().map(|pipe| pipe.as_fd()).collect();
        let sending = async {
            write(&mut here, &vec!["first"; 100_000]).await.unwrap();
            send(&here, &borrowed).await.unwrap();
            write(&mut here, &"last").await.unwrap();
        };
        let receiving = async {
            let first: Vec<String> = read(&mut there).await.unwrap();
            let received = receive(&there, 150).await.unwrap();
            let last: String = read(&mut there).await.unwrap();
            (first.len(), received, last)
        };
        let ((), (first, received, last)) = tokio::join!(sending, receiving);
        assert_eq!((first, last.as_str()), (100_000, "last"));
        for (number, descriptor) in received.into_iter().enumerate() {
            let mut byte = [0];
            io::PipeReader::from(descriptor)
                .read_exact(&mut byte)
                .unwrap();
            assert_eq!(usize::from(byte[0]), number);
        }
    }

    #[tokio::test]
    async fn the_end_and_nonsense_are_errors() {
        let (mut here, mut there) = UnixStream::pair().unwrap();
        here.write_all(&[255; 8]).await.unwrap();
        assert!(read::<String>(&mut there).await.is_err());
        let (here, mut there) = UnixStream::pair().unwrap();
        drop(here);
        assert!(read::<String>(&mut there).await.is_err());
        assert!(receive(&there, 1).await.is_err());
    }
}
