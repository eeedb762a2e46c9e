//! Servers in the order of their running sums, from which any of them can be taken out.

/// A binary heap: the server with the largest sum at the root, of equal ones the first.
#[derive(Debug, Clone, Default)]
pub(super) struct Queue {
    heap: Vec<Queued>,
}

/// A server by its slot.
#[derive(Debug, Clone, Copy)]
pub(super) struct Queued {
    pub(super) sum: i128,
    pub(super) index: usize,
}

impl Queued {
    pub(super) fn is_before(&self, other: &Self) -> bool {
        self.sum > other.sum || (self.sum == other.sum && self.index < other.index)
    }
}

/// Where each server is in the heap that it is in, by its slot.
pub(super) type Positions = Vec<usize>;

impl Queue {
    pub(super) fn len(&self) -> usize {
        self.heap.len()
    }

    pub(super) fn first(&self) -> Option<Queued> {
        self.heap.first().copied()
    }

    pub(super) fn push(&mut self, server: Queued, positions: &mut Positions) {
        if server.index >= positions.len() {
            positions.resize(server.index + 1, 0);
        }
        self.heap.push(server);
        self.rise(self.heap.len() - 1, positions);
    }

    /// Gives the first one another sum.
    pub(super) fn replace_first(&mut self, sum: i128, positions: &mut Positions) {
        if let Some(first) = self.heap.first_mut() {
            first.sum = sum;
            self.sink(0, positions);
        }
    }

    /// Takes out the server in slot `index`, which is in here.
    pub(super) fn remove(&mut self, index: usize, positions: &mut Positions) {
        let at = positions.get(index).copied().unwrap_or(usize::MAX);
        if self.heap.get(at).is_none_or(|server| server.index != index) {
            return;
        }
        self.heap.swap_remove(at);
        // Whoever took the place may belong further up or down.
        self.sink(at, positions);
        self.rise(at, positions);
    }

    /// Moves a server up as far as it belongs there.
    fn rise(&mut self, mut at: usize, positions: &mut Positions) {
        let Some(server) = self.heap.get(at).copied() else {
            return;
        };
        while let Some(above) = at.checked_sub(1).map(|at| at / 2)
            && let Some(other) = self.heap.get(above).copied()
            && server.is_before(&other)
        {
            self.set(at, other, positions);
            at = above;
        }
        self.set(at, server, positions);
    }

    /// Moves a server down as far as it belongs there.
    fn sink(&mut self, mut at: usize, positions: &mut Positions) {
        let Some(server) = self.heap.get(at).copied() else {
            return;
        };
        while let Some((below, other)) = self.first_below(at)
            && other.is_before(&server)
        {
            self.set(at, other, positions);
            at = below;
        }
        self.set(at, server, positions);
    }

    /// The first of the two below one.
    fn first_below(&self, at: usize) -> Option<(usize, Queued)> {
        let left = self.heap.get(2 * at + 1)?;
        match self.heap.get(2 * at + 2) {
            Some(right) if right.is_before(left) => Some((2 * at + 2, *right)),
            _ => Some((2 * at + 1, *left)),
        }
    }

    fn set(&mut self, at: usize, server: Queued, positions: &mut Positions) {
        if let Some(place) = self.heap.get_mut(at) {
            *place = server;
        }
        if let Some(position) = positions.get_mut(server.index) {
            *position = at;
        }
    }
}
