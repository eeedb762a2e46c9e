//! `[[instance.track]]`.

use super::instance::period;
use super::lines::{Lines, text, texts, was};
use crate::finding::{Findings, Severity};
use crate::lint::{Check, Command, Judged};
use crate::read::{Configuration, Instance, Said, Script, Tracked, What};
use crate::syntax::At;

pub(super) fn write(
    configuration: &Configuration,
    instance: &Instance,
    tracked: &Tracked,
    judged: &Judged,
    findings: &mut Findings,
    lines: &mut Lines,
) {
    let line = tracked.at.line;
    let script = match &tracked.what {
        What::Interface(name) => {
            lines.heading("[[instance.track]]");
            let was = format!("track_interface, line {line}");
            lines.pair("interface", &text(name), Some(&was));
            None
        }
        What::Script(name) => {
            let script = configuration.script(name);
            let said = script.and_then(|script| Some((script, script.command.as_ref()?)));
            let (Some((script, said)), Some(command)) = (said, judged.commands.get(name)) else {
                return;
            };
            lines.heading("[[instance.track]]");
            lines.pair(
                "name",
                &text(name),
                Some(&format!("track_script, line {line}")),
            );
            check(said, command, findings, lines);
            schedule(script, command, lines);
            Some(script)
        }
    };
    let is_useless = judged.is_useless(instance, tracked);
    weight(
        configuration.weight(tracked),
        script,
        tracked,
        is_useless,
        lines,
    );
}

fn check(said: &Said<Vec<String>>, command: &Command, findings: &mut Findings, lines: &mut Lines) {
    match &command.check {
        Check::Http(url) => {
            lines.said("http", &text(url), said);
            lines.comment(
                "If that is the edge of this machine, edge = \"127.0.0.1:9180\" in its place is told of a crash at once.",
            );
        }
        Check::Tcp(address) => lines.said("tcp", &text(address), said),
        Check::Script(words) => {
            let words = absolute(words.clone(), &said.at, findings);
            lines.said("script", &texts(words.iter().map(String::as_str)), said);
        }
    }
}

fn schedule(script: &Script, command: &Command, lines: &mut Lines) {
    let interval = script.interval();
    lines.said_or("interval", &period(interval), script.interval.as_ref());
    let own = command.fetch.as_ref().and_then(|fetch| fetch.timeout);
    match (&script.timeout, own.filter(|timeout| !timeout.is_zero())) {
        (Some(said), _) => lines.said("timeout", &period(said.value), said),
        (None, Some(own)) => lines.pair("timeout", &period(own), Some("the program's own")),
        (None, None) => {
            let was = "keepalived's default: the interval";
            lines.pair("timeout", &period(interval), Some(was));
        }
    }
    lines.said_or("fall", &script.fall().to_string(), script.fall.as_ref());
    let rise = script.rise.as_ref().map_or(1, |said| said.value);
    lines.said_or("rise", &rise.to_string(), script.rise.as_ref());
}

fn weight(
    weight: i16,
    script: Option<&Script>,
    tracked: &Tracked,
    is_useless: bool,
    lines: &mut Lines,
) {
    let by_script = script.and_then(|script| script.weight.as_ref());
    let source = match (tracked.weight, by_script) {
        (Some(weight), _) => format!("weight {weight}, line {}", tracked.at.line),
        (None, Some(said)) => was(said),
        (None, None) => "keepalived's default".to_owned(),
    };
    if weight == 0 {
        lines.pair("weight", "\"fault\"", Some(&source));
    } else if is_useless {
        let source = format!("{source}, which moves nothing");
        lines.pair("weight", "\"fault\"", Some(&source));
    } else {
        lines.pair("weight", &weight.to_string(), Some(&source));
    }
}

/// A command whose program is named by its path, as the daemon wants it.
pub(super) fn absolute(mut words: Vec<String>, at: &At, findings: &mut Findings) -> Vec<String> {
    if let Some(program) = words.first_mut()
        && !program.starts_with('/')
    {
        let path = format!("/usr/bin/{program}");
        findings.add(
            ("differs", Severity::Differs),
            at,
            format!("keepalived looks for `{program}` in its PATH; it is written as {path}"),
            "see that it is there",
        );
        *program = path;
    }
    words
}
