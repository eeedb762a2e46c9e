//! What is wrong with a `vrrp_script`.

use super::command::{Check, Command};
use crate::finding::{Findings, Severity};
use crate::read::{Globals, Said, Script};
use crate::syntax::Files;

pub(super) fn judge(
    script: &Script,
    said: &Said<Vec<String>>,
    command: &Command,
    globals: &Globals,
    files: &dyn Files,
    findings: &mut Findings,
) {
    operators(script, said, command, findings);
    fetch(said, command, findings);
    if !globals.has_script_user && !globals.has_script_security && !script.has_user {
        findings.add(
            ("L6b", Severity::Problem),
            &said.at,
            format!(
                "`{}` runs as root: there is neither script_user nor enable_script_security",
                script.name
            ),
            "checks of the VIP daemon run as its own user, which is not root",
        );
    }
    if command.program.starts_with('/') && files.runs(&command.program) == Some(false) {
        findings.add(
            ("L12", Severity::Problem),
            &said.at,
            format!("{} cannot be run: it is not there, or not executable. keepalived leaves the check out", command.program),
            "here it fails for as long as that is so",
        );
    }
    process(script, said, command, findings);
}

fn process(script: &Script, said: &Said<Vec<String>>, command: &Command, findings: &mut Findings) {
    let program = command.program.rsplit('/').next().unwrap_or_default();
    if !matches!(program, "killall" | "pidof" | "pgrep") {
        return;
    }
    findings.add(
        ("process", Severity::Note),
        &said.at,
        format!(
            "`{}` finds out that there is a process, not that it serves",
            script.name
        ),
        "track what it serves: `edge`, `http` or `tcp`",
    );
    if program == "pidof" {
        findings.add(
            ("pidof", Severity::Problem),
            &said.at,
            "keepalived follows links, and where pidof is one to killall5, as in Debian, it runs killall5, which fails always",
            "",
        );
    }
}

fn operators(
    script: &Script,
    said: &Said<Vec<String>>,
    command: &Command,
    findings: &mut Findings,
) {
    let Some(operator) = &command.operator else {
        return;
    };
    if operator.starts_with('<') && *operator == command.program {
        let message = format!(
            "`{}`: keepalived hands this to /bin/sh. Only bash connects to /dev/tcp; with any other, such as \
             Debian's, the check fails always",
            script.name
        );
        let help = "translated to a check by TCP";
        findings.add(("L2", Severity::Problem), &said.at, message, help);
        return;
    }
    let consequence = if command.fetch.is_some() {
        format!(
            "{} takes `{operator}` and what follows for more to fetch, fails at it, and so the check fails \
             always, also when the service is well",
            command.program
        )
    } else {
        format!(
            "`{operator}` and what follows are arguments of {}",
            command.program
        )
    };
    let help = match &command.check {
        Check::Http(_) => "translated to a check by HTTP, which needs none of it",
        Check::Tcp(_) => "translated to a check by TCP",
        Check::Script(_) => "translated with the shell that was meant; read it once more",
    };
    findings.add(
        ("L2", Severity::Problem),
        &said.at,
        format!("`{}`: keepalived runs no shell. {consequence}", script.name),
        help,
    );
}

fn fetch(said: &Said<Vec<String>>, command: &Command, findings: &mut Findings) {
    let Some(fetch) = &command.fetch else {
        return;
    };
    let at = &said.at;
    let is_http = matches!(command.check, Check::Http(_));
    if fetch.timeout.is_none() {
        findings.add(
            ("L6", Severity::Problem),
            at,
            format!(
                "{} has no time-out: a service that hangs is found by keepalived's own, which is the interval",
                command.program
            ),
            if is_http { "checks by HTTP always have one: `timeout`" } else { "" },
        );
    }
    if fetch.is_localhost {
        findings.add(
            ("L7", Severity::Problem),
            at,
            "`localhost` is looked up, and tried over IPv6 first: that is part of what is checked",
            if is_http {
                "translated to 127.0.0.1"
            } else {
                "use 127.0.0.1"
            },
        );
    }
    if is_http && !fetch.fails_on_errors {
        findings.add(
            ("differs", Severity::Differs),
            at,
            "curl without -f is content with any answer, also 500; a check by HTTP wants 2xx",
            "",
        );
    }
}
