//! Numbers of connections that the machine or another limit does not allow.

use settings::{Place, Problem, Problems};

use super::{Machine, file};

pub(super) fn find(config: &file::Config, machine: Machine, warnings: &mut Problems) {
    let client = &config.client;
    let at = Place::root().key("client");
    let (most, each) = (client.max_connections, client.max_connections_per_address);
    if most > 0 && each > most {
        let message = format!("there are never more than {most} connections (`max_connections`)");
        let problem = Problem::new(&at.key("max_connections_per_address"), message);
        warnings.note(problem.help("a number below that, or leave it out"));
    }
    let needed = u64::from(most).saturating_mul(client.max_header.0.max(BUFFER) + REQUEST);
    if let Some(memory) = machine.memory
        && needed > memory
    {
        let message = format!(
            "so many connections may hold {} of memory at a time, and there is {}",
            gigabytes(needed),
            gigabytes(memory)
        );
        let help = "fewer, so that clients are turned away before the system ends the edge";
        warnings.note(Problem::new(&at.key("max_connections"), message).help(help));
    }
}

/// What a connection reads into.
const BUFFER: u64 = 16 << 10;

/// What a request under way holds beside its head: 64k of each body before they go to a file, and a
/// buffer for its server.
const REQUEST: u64 = (64 + 64 + 16) << 10;

/// Rounded, since nobody counts on the last byte.
fn gigabytes(bytes: u64) -> String {
    let tenths = bytes / ((1 << 30) / 10);
    format!("{}.{}G", tenths / 10, tenths % 10)
}
