//! Fixed steps of the pure crates, each taken so many times: what `tests/instructions` counts the
//! instructions of. `steps` lists them, `steps NAME TIMES` takes one.

mod adverts;
mod balancing;
mod charts;
mod heads;
mod limits;
mod routing;

use std::io::Write as _;
use std::process::ExitCode;

/// A step: its name, and what takes it so many times.
type Step = (&'static str, fn(usize));

const STEPS: [Step; 15] = [
    ("request_head", heads::request),
    ("response_head", heads::response),
    ("log_line", heads::log_line),
    ("round_robin_of_3", balancing::round_robin),
    ("round_robin_of_1000", balancing::round_robin_of_many),
    ("least_conn_of_200", balancing::least_conn),
    ("hash_of_1000", balancing::hash),
    ("random_two_of_1000", balancing::random_two),
    ("prefix_of_10000", routing::prefix),
    ("rate_limit", limits::judge),
    ("advert", adverts::plain),
    ("signed_advert", adverts::signed),
    ("election", adverts::election),
    ("four_pillars", charts::pillars),
    ("chart", charts::chart),
];

fn main() -> ExitCode {
    let words: Vec<_> = std::env::args().skip(1).collect();
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    let found = |name: &str| STEPS.iter().find(|(other, _)| *other == name);
    match words.as_slice() {
        [] => {
            let names = STEPS.map(|(name, _)| name).join("\n");
            match writeln!(std::io::stdout(), "{names}") {
                Ok(()) => ExitCode::SUCCESS,
                Err(_) => ExitCode::FAILURE,
            }
        }
        [name, times] => match (found(name), times.parse()) {
            (Some((_, take)), Ok(times)) => {
                take(times);
                ExitCode::SUCCESS
            }
            _ => ExitCode::FAILURE,
        },
        _ => ExitCode::FAILURE,
    }
}
