use std::io::{self, Write};

use super::*;

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn one(module: &str, level: Level) -> Levels {
    Levels {
        level: Level::Error,
        modules: [(module.to_owned(), level)].into(),
    }
}

/// One test, because a process has one log.
#[test]
fn takes_both_kinds_of_event_and_changes_its_levels() {
    let captured = Captured::default();
    let writer = captured.clone();
    let handle = start(Level::Info, Format::Json, move || writer.clone()).unwrap();
    tracing::info!(peer.addr = "10.0.0.1:80", "connected");
    tracing::debug!("hidden");
    ::log::warn!("from the log crate");
    ::log::warn!(target: "rustls::conn", "hidden: a client's fault");
    handle.set(Level::Debug.into());
    tracing::debug!("shown");
    ::log::debug!("shown as well");
    handle.set(one("noisy", Level::Trace));
    tracing::info!("hidden");
    tracing::trace!(target: "noisy::part", "of one module");
    ::log::trace!(target: "noisy", "of one module, by the log crate");
    assert_eq!(handle.levels().0.to_string(), "error noisy=trace");
    // What an operator said stays while the configuration says what it has said.
    handle.configure(Level::Info.into());
    assert_eq!(handle.levels().1, Source::Operator);
    let of_rustls = one("rustls", Level::Warn);
    handle.configure(of_rustls.clone());
    assert_eq!(handle.levels().1, Source::Configuration);
    ::log::warn!(target: "rustls::conn", "asked for");
    handle.set(Level::Trace.into());
    handle.reset();
    assert_eq!(handle.levels(), (of_rustls, Source::Configuration));

    let text = String::from_utf8(captured.0.lock().unwrap().clone()).unwrap();
    let lines: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let messages: Vec<_> = lines.iter().map(|line| &line["message"]).collect();
    let expected = [
        "connected",
        "from the log crate",
        "shown",
        "shown as well",
        "of one module",
        "of one module, by the log crate",
        "asked for",
    ];
    assert_eq!(messages, expected);
    assert_eq!(lines[0]["peer.addr"], "10.0.0.1:80");
    assert_eq!(lines[6]["target"], "rustls::conn");
    assert!(start(Level::Info, Format::Text, io::stderr).is_err());
}

#[test]
fn a_file_is_opened_anew_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("error.log");
    let file = LogFile::open(&path).unwrap();
    let line = |text: &str| file.make_writer().write_all(text.as_bytes()).unwrap();
    line("one");
    let moved = folder.path().join("error.log.1");
    std::fs::rename(&path, &moved).unwrap();
    line("two");
    file.reopen().unwrap();
    line("three");
    assert_eq!(std::fs::read_to_string(moved).unwrap(), "onetwo");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "three");
    std::fs::remove_dir_all(folder.path()).unwrap();
    assert!(file.reopen().is_err());
    line("to nowhere, and that is no error");
}
