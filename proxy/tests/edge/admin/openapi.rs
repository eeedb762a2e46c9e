//! The description of the API, held against what answers.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{ask, read};
use crate::http::Reply;
use crate::origin::Origin;
use crate::process::{Edge, proxy_to, server};

/// What a schema does not allow in a value; empty if all is well. Knows what the description uses.
fn wrong(schema: &Value, value: &Value, document: &Value, at: &str) -> Vec<String> {
    if let Some(name) = schema["$ref"].as_str() {
        let name = name.rsplit('/').next().unwrap();
        return wrong(
            &document["components"]["schemas"][name],
            value,
            document,
            at,
        );
    }
    if let Some(choices) = schema["anyOf"].as_array() {
        let fits = choices
            .iter()
            .any(|choice| wrong(choice, value, document, at).is_empty());
        return if fits {
            vec![]
        } else {
            vec![format!("{at}: none of the choices is {value}")]
        };
    }
    if let Some(choices) = schema["enum"].as_array() {
        return if choices.contains(value) {
            vec![]
        } else {
            vec![format!("{at}: {value} is not listed")]
        };
    }
    let kinds: Vec<&str> = match &schema["type"] {
        Value::String(kind) => vec![kind],
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => {
            return vec![format!("{at}: a schema without a type")];
        }
    };
    let is = |kind: &&str| match *kind {
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => false,
    };
    if !kinds.iter().any(is) {
        return vec![format!("{at}: {value} is not {kinds:?}")];
    }
    let mut found = Vec::new();
    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
        found.extend(wrong(
            &schema["items"],
            item,
            document,
            &format!("{at}[{index}]"),
        ));
    }
    if let (Some(fields), Some(known)) = (value.as_object(), schema["properties"].as_object()) {
        for required in schema["required"].as_array().into_iter().flatten() {
            if !fields.contains_key(required.as_str().unwrap()) {
                found.push(format!("{at}.{required} is missing"));
            }
        }
        for (name, value) in fields {
            match known.get(name) {
                Some(schema) => {
                    found.extend(wrong(schema, value, document, &format!("{at}.{name}")));
                }
                None => found.push(format!("{at}.{name} is not described")),
            }
        }
    }
    found
}

/// Whether an answer is one of those that are described.
fn holds(document: &Value, (path, method): (&str, &str), reply: &Reply) {
    let described = &document["paths"][path][method]["responses"][reply.status.to_string()];
    assert!(described.is_object(), "{method} {path} answers {reply:?}");
    let Some(content) = described["content"].as_object() else {
        return assert_eq!(reply.body, b"", "{method} {path}");
    };
    let kind = reply
        .header("content-type")
        .unwrap()
        .split(';')
        .next()
        .unwrap();
    let schema = &content
        .get(kind)
        .unwrap_or_else(|| panic!("{method} {path}: {kind}"))["schema"];
    if kind == "application/json" {
        let value: Value = serde_json::from_slice(&reply.body).unwrap();
        assert_eq!(
            wrong(schema, &value, document, "answer"),
            Vec::<String>::new(),
            "{method} {path}"
        );
    }
}

#[test]
fn every_route_answers_as_it_is_described() {
    let (one, two) = (Origin::saying("one"), Origin::saying("two"));
    let edge = Edge::start(&proxy_to(&[
        server(one.address, ""),
        server(two.address, ""),
    ]));
    let document = read(&edge, "/api/v1/openapi.json");
    assert_eq!(document["openapi"], "3.1.0");
    let mut left: BTreeSet<(String, String)> = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            left.insert((path.clone(), method.clone()));
        }
    }
    let servers = "/api/v1/upstreams/{name}/servers";
    let of_server = "/api/v1/upstreams/{name}/servers/{address}";
    let address = format!("/api/v1/upstreams/web/servers/{}", one.address);
    let new = "{\"address\": \"127.0.0.1:9\"}";
    for (path, method, real, body) in [
        (servers, "post", "/api/v1/upstreams/web/servers", new),
        (servers, "post", "/api/v1/upstreams/web/servers", new),
        (
            servers,
            "post",
            "/api/v1/upstreams/web/servers",
            "{\"weight\": 0}",
        ),
        (servers, "post", "/api/v1/upstreams/none/servers", new),
        (of_server, "patch", &address, "{\"weight\": 2}"),
        (of_server, "patch", &address, "{\"weight\": 0}"),
        (of_server, "delete", &format!("{address}?maybe"), ""),
        (of_server, "delete", &address, ""),
        (of_server, "delete", &address, ""),
    ] {
        let reply = ask(
            &edge,
            &format!("{} {real}", method.to_uppercase()),
            "",
            body,
        );
        holds(&document, (path, method), &reply);
        left.remove(&(path.to_owned(), method.to_owned()));
    }
    for (path, method) in left {
        assert!(!path.contains('{'), "{path} is not tried");
        // The one does not end, and the other ends the edge; they have tests of their own.
        if path == "/api/v1/events" || path == "/api/v1/upgrade" {
            continue;
        }
        let line = format!("{} {path}", method.to_uppercase());
        holds(&document, (&path, &method), &ask(&edge, &line, "", ""));
        // Others are refused with what there is.
        let reply = ask(&edge, &format!("PUT {path}"), "", "");
        assert_eq!(reply.status, 405, "PUT {path}");
        assert!(reply.header("allow").is_some(), "PUT {path}");
    }
}
