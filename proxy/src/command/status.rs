//! `hifate-edge status`.

use std::fmt::Write as _;

use serde_json::Value;

use super::ask::Edge;

/// Prints what a running edge does; an error if it cannot answer requests.
pub(super) fn show(edge: &Edge, json: bool) -> Result<(), String> {
    let status = edge.ask("GET", "/api/v1/status", None);
    let status = status.map_err(|error| error.to_string())?;
    let shown = if json {
        serde_json::to_string_pretty(&status).map_err(|error| error.to_string())?
    } else {
        table(&status).map_err(|error| error.to_string())?
    };
    super::print(shown)?;
    match status["unready"].as_str() {
        Some(why) => Err(format!("the edge cannot answer requests: {why}")),
        None => Ok(()),
    }
}

fn table(status: &Value) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    let config = &status["config"];
    write!(
        text,
        "hifate-edge {}, process {}, generation {} of {}",
        plain(&status["version"]),
        status["pid"],
        config["generation"],
        plain(&config["path"]),
    )?;
    if let Some(refused) = config["last_reload"]["refused"].as_str() {
        write!(text, "\nthe last reload was refused:\n{refused}")?;
    }
    listeners(&mut text, status)?;
    sites(&mut text, status)?;
    servers(&mut text, status)?;
    certificates(&mut text, status)?;
    Ok(text)
}

fn listeners(text: &mut String, status: &Value) -> std::fmt::Result {
    write!(
        text,
        "\n\n{:<32} {:<10} {:>6} {:>6}",
        "LISTENER", "TLS", "ACTIVE", "IDLE"
    )?;
    for listener in rows(&status["connections"]["listeners"]) {
        let tls = if listener["tls"] == true { "yes" } else { "no" };
        write!(
            text,
            "\n{:<32} {tls:<10} {:>6} {:>6}",
            plain(&listener["address"]),
            listener["active"].to_string(),
            listener["idle"].to_string(),
        )?;
    }
    Ok(())
}

fn sites(text: &mut String, status: &Value) -> std::fmt::Result {
    write!(text, "\n\n{:<32} {:<24} TO", "SITE", "ROUTE")?;
    for site in rows(&status["sites"]) {
        for route in rows(&site["routes"]) {
            let to = route["upstream"].as_str().or(route["action"].as_str());
            write!(
                text,
                "\n{:<32} {:<24} {}",
                plain(&site["name"]),
                plain(&route["path"]),
                to.unwrap_or_default(),
            )?;
        }
    }
    Ok(())
}

fn servers(text: &mut String, status: &Value) -> std::fmt::Result {
    write!(
        text,
        "\n\n{:<20} {:<24} {:<10} {:>6} {:<7} {:>6} WHY",
        "UPSTREAM", "SERVER", "STATE", "WEIGHT", "TIER", "ACTIVE"
    )?;
    for upstream in rows(&status["upstreams"]) {
        for server in rows(&upstream["servers"]) {
            let tier = if server["backup"] == true {
                "backup"
            } else {
                "primary"
            };
            let row = format!(
                "{:<20} {:<24} {:<10} {:>6} {tier:<7} {:>6} {}",
                plain(&upstream["name"]),
                plain(&server["address"]),
                plain(&server["state"]),
                server["weight"].to_string(),
                server["active"].to_string(),
                plain(&server["why"]),
            );
            write!(text, "\n{}", row.trim_end())?;
        }
    }
    Ok(())
}

fn certificates(text: &mut String, status: &Value) -> std::fmt::Result {
    let mut certificates = rows(&status["certificates"]).peekable();
    if certificates.peek().is_none() {
        return Ok(());
    }
    write!(text, "\n\n{:<32} {:<24} VALID", "CERTIFICATE", "LISTENER")?;
    for one in certificates {
        let valid = validity(one);
        write!(
            text,
            "\n{:<32} {:<24} {valid}",
            plain(&one["name"]),
            plain(&one["listener"]),
        )?;
    }
    Ok(())
}

/// How long a certificate is valid, and what stands in the way of the next.
fn validity(certificate: &Value) -> String {
    let (days, order) = (certificate["days_left"].as_i64(), &certificate["acme"]);
    let mut text = match days {
        Some(days) if certificate["valid"] == true => format!("{days} days"),
        Some(_) => "NOT VALID NOW".to_owned(),
        None => "MISSING".to_owned(),
    };
    if order["ordering"] == true {
        text.push_str(", being ordered");
    } else if let Some(error) = order["error"].as_str() {
        text.push_str(", ORDER FAILED: ");
        text.push_str(error);
    }
    text
}

fn rows(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn plain(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
