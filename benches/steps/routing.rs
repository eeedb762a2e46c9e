//! Finding the route for a path.

use std::hint::black_box;

use edge_core::route::{PathPattern, Paths, Positioned};

/// Of as many prefixes, half of them inside of the other half.
const PREFIXES: usize = 10_000;

pub(crate) fn prefix(times: usize) {
    let paths = (0..PREFIXES / 2).flat_map(|part| {
        let outer = format!("/part{part}/");
        let inner = format!("{outer}inner/");
        [outer, inner]
    });
    let routes = paths.map(|path| Positioned {
        pattern: PathPattern::Prefix(path),
        parent: None,
        slash: false,
    });
    let paths = Paths::new(&routes.collect::<Vec<_>>());
    for number in 0..times {
        let path: &[u8] = match number % 3 {
            0 => b"/part2500/charts/42",
            1 => b"/part4711/inner/charts/42",
            _ => b"/parts/42",
        };
        black_box(paths.find(black_box(path), &|_| true));
    }
}
