//! `hifate-vip replay`: the election of a recording, once more.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use vrrp::router::{Output, Router};

use crate::record::{Line, What};

/// A router as it was, and what it wants now that it has not wanted then.
struct Replayed {
    router: Router,
    /// What it wants, in order, and is still to be found in the recording.
    wanted: Vec<Output>,
}

impl Replayed {
    fn collect(&mut self) {
        while let Some(output) = self.router.poll_output() {
            self.wanted.push(output);
        }
    }
}

/// Tells the routers of a recording what they were told, and compares what they want with what they wanted.
pub(super) fn replay(path: &Path, only: Option<&str>) -> Result<(), String> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut routers: BTreeMap<String, Replayed> = BTreeMap::new();
    let mut differences = 0;
    for (number, line) in (1..).zip(text.lines()) {
        let line: Line = serde_json::from_str(line)
            .map_err(|error| format!("{}:{number}: {error}", path.display()))?;
        if only.is_some_and(|only| only != line.instance) {
            continue;
        }
        let difference = step(&mut routers, &line);
        super::print(shown(&line)?)?;
        if let Some(difference) = difference {
            differences += 1;
            super::print(format!("  line {number}: {difference}"))?;
        }
    }
    if routers.is_empty() {
        return Err("there is nothing in it".into());
    }
    match differences {
        0 => super::print("this version would have done the same"),
        _ => Err(format!(
            "this version would have acted otherwise {differences} times"
        )),
    }
}

/// Does what one line says; what is different now, if anything is.
fn step(routers: &mut BTreeMap<String, Replayed>, line: &Line) -> Option<String> {
    if let What::Begin(terms) = &line.what {
        let mut begun = Replayed {
            router: Router::new(terms.clone()),
            wanted: Vec::new(),
        };
        begun.collect();
        routers.insert(line.instance.clone(), begun);
        return None;
    }
    let Some(replayed) = routers.get_mut(&line.instance) else {
        return Some("it begins in the middle: this instance has no beginning".into());
    };
    match &line.what {
        What::Begin(_) => {}
        What::Terms(terms) => replayed.router.reconfigure(terms.clone(), line.at),
        What::Input(input) => replayed.router.handle(*input, line.at),
        What::Output(output) => {
            let first = (!replayed.wanted.is_empty()).then(|| replayed.wanted.remove(0));
            return match first {
                Some(first) if first == *output => None,
                Some(first) => Some(format!("now it would be {first:?}")),
                None => Some("now there would be nothing".into()),
            };
        }
    }
    replayed.collect();
    None
}

fn shown(line: &Line) -> Result<String, String> {
    let what = serde_json::to_string(&line.what).map_err(|error| error.to_string())?;
    Ok(format!("{} {} {what}", line.at, line.instance))
}
