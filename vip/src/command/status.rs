//! `hifate-vip status`.

use std::fmt::Write as _;
use std::thread::sleep;
use std::time::Duration;

use serde_json::Value;

use super::Running;

/// Prints what a running daemon does; an error if an instance is not fit.
pub(super) fn show(running: &Running, json: bool, watch: bool) -> Result<(), String> {
    loop {
        let status = running.ask("GET", "/api/v1/status", None)?;
        if json {
            let text = serde_json::to_string_pretty(&status).map_err(|error| error.to_string())?;
            super::print(text)?;
        } else {
            let text = table(&status).map_err(|error| error.to_string())?;
            // The screen is cleared first.
            let text = if watch {
                format!("\x1b[2J\x1b[H{text}")
            } else {
                text
            };
            super::print(text)?;
        }
        if !watch {
            return verdict(&status);
        }
        sleep(Duration::from_secs(1));
    }
}

/// Whether all instances are fit.
fn verdict(status: &Value) -> Result<(), String> {
    let unfit: Vec<_> = rows(&status["instances"])
        .filter(|instance| !instance["cause"].is_null())
        .map(|instance| {
            format!(
                "{}: {}",
                plain(&instance["name"]),
                plain(&instance["cause"])
            )
        })
        .collect();
    if unfit.is_empty() {
        Ok(())
    } else {
        Err(unfit.join("; "))
    }
}

fn table(status: &Value) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    let version = plain(&status["version"]);
    let path = plain(&status["config"]["path"]);
    writeln!(
        text,
        "hifate-vip {version}, process {}, {path}",
        status["pid"]
    )?;
    for instance in rows(&status["instances"]) {
        show_instance(&mut text, instance)?;
    }
    Ok(text.trim_end().to_owned())
}

fn show_instance(text: &mut String, instance: &Value) -> std::fmt::Result {
    let state = plain(&instance["state"]);
    write!(
        text,
        "\n{} is {}",
        plain(&instance["name"]),
        state.to_uppercase()
    )?;
    for (key, word) in [
        ("leaving", ", about to hand over"),
        ("released", ", released by an operator"),
        ("split_brain", ", AND SO IS ANOTHER NODE"),
    ] {
        if instance[key] == true {
            text.push_str(word);
        }
    }
    let addresses: Vec<_> = rows(&instance["addresses"]).map(plain).collect();
    let holds = if instance["holds_addresses"] == true {
        "held here"
    } else {
        "not here"
    };
    writeln!(text, "\n  addresses  {}, {holds}", addresses.join(", "))?;
    write!(text, "  priority   {}", instance["priority"])?;
    writeln!(
        text,
        " (configured {}{})",
        instance["configured_priority"],
        parts(instance)
    )?;
    writeln!(
        text,
        "  network    {}, virtual router {}, from {}",
        plain(&instance["interface"]),
        instance["virtual_router_id"],
        plain(&instance["source"]),
    )?;
    let peer = &instance["last_master"];
    if !peer.is_null() {
        writeln!(
            text,
            "  other node {} with priority {}, heard {:.1} s ago",
            plain(&peer["source"]),
            peer["priority"],
            peer["heard_seconds_ago"].as_f64().unwrap_or_default(),
        )?;
    }
    show_tracks(text, instance)?;
    show_changes(text, instance)
}

fn show_tracks(text: &mut String, instance: &Value) -> std::fmt::Result {
    for track in rows(&instance["tracks"]) {
        let state = match track["up"].as_bool() {
            Some(true) => "up",
            Some(false) => "DOWN",
            None => "not known yet",
        };
        writeln!(text, "  needs      {}: {state}", plain(&track["name"]))?;
    }
    Ok(())
}

fn show_changes(text: &mut String, instance: &Value) -> std::fmt::Result {
    for change in rows(&instance["changes"]).rev().take(5) {
        writeln!(
            text,
            "  {} {}: {}",
            plain(&change["at"]),
            plain(&change["state"]),
            plain(&change["why"]),
        )?;
    }
    Ok(())
}

/// What the priority is made of, besides what is configured.
fn parts(instance: &Value) -> String {
    let mut parts = String::new();
    for track in rows(&instance["tracks"]) {
        let points = track["points"].as_i64().unwrap_or_default();
        if points != 0 {
            let name = plain(&track["name"]);
            parts.extend([", ", &format!("{points:+}"), " by ", &name]);
        }
    }
    if let Some(cause) = instance["cause"].as_str() {
        parts.push_str(", ");
        parts.push_str(cause);
    }
    parts
}

fn rows(value: &Value) -> impl DoubleEndedIterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}
