//! The sockets on which this process accepts connections, held for as long as it does: a process that
//! takes over gets these.

use std::collections::HashMap;
use std::io;
use std::sync::Mutex;

use edge_core::address::Address;

use super::{Bound, From, Listening, SocketFile};
use crate::buffer::lock;

/// What is listened on.
#[derive(Debug, Default)]
pub(crate) struct Open {
    bound: Mutex<HashMap<Address, Bound>>,
}

impl Open {
    /// Holds what was bound, in place of what its address had.
    pub(crate) fn hold(&self, bound: Bound) {
        let address = bound.listener.address.clone();
        let takes_its_place = bound.file.is_some();
        let replaced = lock(&self.bound).insert(address, bound);
        if let Some(mut file) = replaced.and_then(|replaced| replaced.file)
            && takes_its_place
        {
            // So that there is one at any time.
            file.set_ours(false);
        }
    }

    /// Lets clients find the sockets that have a place in the file system, in place of what is there;
    /// what goes wrong is said to `report`.
    pub(crate) fn publish(&self, report: impl Fn(&Address, &io::Error)) {
        for (address, bound) in lock(&self.bound).iter_mut() {
            let set = bound.set_options();
            let published = bound.file.as_mut().map_or(Ok(()), SocketFile::publish);
            if let Err(error) = set.and(published) {
                report(address, &error);
            }
            // From now on they are this process's own.
            if bound.from == From::Predecessor {
                bound.from = From::Bound;
            }
        }
    }

    /// Lets go of an address; its file is removed if it is ours.
    pub(crate) fn close(&self, address: &Address) {
        drop(lock(&self.bound).remove(address));
    }

    /// Lets go of all.
    pub(crate) fn clear(&self) {
        lock(&self.bound).clear();
    }

    /// Leaves the files at `addresses` to another process, or takes them back.
    pub(crate) fn set_ours(&self, addresses: &[Address], ours: bool) {
        for (address, bound) in lock(&self.bound).iter_mut() {
            if let Some(file) = &mut bound.file
                && addresses.contains(address)
            {
                file.set_ours(ours);
            }
        }
    }

    /// Every socket once, but for those of the service manager.
    pub(crate) fn sockets(&self) -> io::Result<Vec<(Address, Listening)>> {
        let bound = lock(&self.bound);
        let own = bound
            .iter()
            .filter(|(_, bound)| bound.from != From::ServiceManager);
        let sockets = own.flat_map(|(address, bound)| {
            let sockets = bound.sockets.iter();
            sockets.map(move |socket| Ok((address.clone(), socket.try_clone()?)))
        });
        sockets.collect()
    }

    /// The addresses that were taken over from the process before this one.
    pub(crate) fn taken_over(&self) -> Vec<Address> {
        let bound = lock(&self.bound);
        let taken = bound
            .iter()
            .filter(|(_, bound)| bound.from != From::Bound)
            .map(|(address, _)| address.clone());
        taken.collect()
    }
}
