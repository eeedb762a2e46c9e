//! Where requests to the authority arrive, and what is kept of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde_json::{Value, json};

use super::authority::Mood;
use super::jws::{AccountKey, Asked, is_bound};
use super::signing::Signing;
use super::validation;
use super::web::Response;
use crate::upstream_tls;

/// What it knows.
pub(super) struct Desk {
    pub(super) url: String,
    pub(super) files: Arc<upstream_tls::Authority>,
    pub(super) mood: Mutex<Mood>,
    pub(super) books: Mutex<Books>,
}

/// Everything that has happened.
#[derive(Default)]
pub(super) struct Books {
    nonces: BTreeSet<String>,
    /// Public keys by account URL.
    pub(super) accounts: BTreeMap<String, AccountKey>,
    pub(super) orders: Vec<Order>,
    pub(super) log: Vec<String>,
    next: u32,
}

/// An order as it stands.
#[derive(Clone)]
pub(super) struct Order {
    account: String,
    names: Vec<String>,
    proven: BTreeMap<String, Result<(), String>>,
    waits: u32,
    certificate: Option<String>,
    pub(super) replaces: Option<Value>,
}

impl Desk {
    pub(super) fn answer(&self, method: &str, path: &str, body: &[u8]) -> Response {
        let mut response = match (method, path) {
            ("GET", "/directory") => Response::json(200, &self.directory()),
            ("HEAD", "/nonce") => Response::json(200, &Value::Null),
            ("GET", path) if path.starts_with("/renewal/") => self.renewal(),
            ("POST", path) => self.posted(path, body).unwrap_or_else(|problem| problem),
            _ => problem(404, "malformed", "there is nothing here"),
        };
        let mut books = self.books.lock().unwrap();
        books.next += 1;
        let nonce = format!("nonce-{}", books.next);
        books.nonces.insert(nonce.clone());
        response.lines.push(("Replay-Nonce", nonce));
        response
    }

    fn directory(&self) -> Value {
        let url = &self.url;
        let mut directory = json!({
            "newNonce": format!("{url}/nonce"),
            "newAccount": format!("{url}/account"),
            "newOrder": format!("{url}/order"),
            "revokeCert": format!("{url}/revoke"),
            "keyChange": format!("{url}/key"),
        });
        if self.mood.lock().unwrap().window.is_some() {
            directory["renewalInfo"] = json!(format!("{url}/renewal"));
        }
        directory
    }

    fn renewal(&self) -> Response {
        self.note("renewal".to_owned());
        let window = self.mood.lock().unwrap().window.clone().unwrap();
        let window = json!({ "suggestedWindow": { "start": window.0, "end": window.1 } });
        let mut response = Response::json(200, &window);
        response.lines.push(("Retry-After", "21600".to_owned()));
        response
    }

    fn note(&self, what: String) {
        self.books.lock().unwrap().log.push(what);
    }

    fn posted(&self, path: &str, body: &[u8]) -> Result<Response, Response> {
        let asked = Asked::parse(body)
            .filter(|asked| asked.url == format!("{}{path}", self.url))
            .ok_or_else(|| problem(400, "malformed", "this is no request"))?;
        if !self.books.lock().unwrap().nonces.remove(&asked.nonce) || self.takes_offence() {
            return Err(problem(400, "badNonce", "the nonce is none"));
        }
        let (account, key) = match (&asked.key, path) {
            (Ok(key), "/account") => (String::new(), key.clone()),
            (Err(account), _) => {
                let key = self.books.lock().unwrap().accounts.get(account).cloned();
                let gone = || problem(400, "accountDoesNotExist", "there is no such account");
                (account.clone(), key.ok_or_else(gone)?)
            }
            _ => return Err(problem(400, "malformed", "who is that?")),
        };
        if !asked.is_signed_by(&key) {
            return Err(problem(400, "malformed", "the signature is wrong"));
        }
        let rest: Vec<&str> = path.split('/').skip(1).collect();
        match rest[..] {
            ["account"] => self.new_account(&asked, key),
            ["order"] => self.new_order(&asked, account),
            ["order", order] => Ok(self.show_order(number(order))),
            ["authorization", order, name] => Ok(self.show_authorization(number(order), name)),
            ["challenge", order, kind, name] => Ok(self.prove(number(order), kind, name, &key)),
            ["finalize", order] => self.finalize(number(order), &asked, &account),
            ["certificate", order] => {
                let order = self.order(number(order));
                Ok(Response::pem(&order.certificate.unwrap()))
            }
            _ => Err(problem(404, "malformed", "there is nothing here")),
        }
    }

    /// Whether it refuses what is right.
    fn takes_offence(&self) -> bool {
        let mut mood = self.mood.lock().unwrap();
        let refuses = mood.bad_nonces > 0;
        mood.bad_nonces = mood.bad_nonces.saturating_sub(1);
        refuses
    }

    fn new_account(&self, asked: &Asked, key: AccountKey) -> Result<Response, Response> {
        let payload = asked.payload();
        if payload["termsOfServiceAgreed"] != true {
            return Err(problem(403, "userActionRequired", "agree first"));
        }
        if let Some((id, secret)) = &self.mood.lock().unwrap().external {
            let binding = &payload["externalAccountBinding"];
            if !is_bound(binding, id, secret) {
                let why = "who pays for that?";
                return Err(problem(403, "externalAccountRequired", why));
            }
        }
        let mut books = self.books.lock().unwrap();
        let url = format!("{}/accounts/{}", self.url, books.accounts.len());
        books.accounts.insert(url.clone(), key);
        books.log.push(format!("account {}", payload["contact"][0]));
        let mut response = Response::json(201, &json!({ "status": "valid" }));
        response.lines.push(("Location", url));
        Ok(response)
    }

    fn new_order(&self, asked: &Asked, account: String) -> Result<Response, Response> {
        let payload = asked.payload();
        let names = payload["identifiers"].as_array().unwrap();
        let names: Vec<String> = names
            .iter()
            .map(|one| one["value"].as_str().unwrap().to_owned())
            .collect();
        self.note(format!("order {}", names.join(" ")));
        if let Some(kind) = self.mood.lock().unwrap().refuses {
            return Err(problem(429, kind, "not today"));
        }
        let slow = self.mood.lock().unwrap().slow;
        let mut books = self.books.lock().unwrap();
        let number = books.orders.len();
        books.orders.push(Order {
            account,
            names,
            proven: BTreeMap::new(),
            waits: slow,
            certificate: None,
            replaces: payload.get("replaces").cloned(),
        });
        drop(books);
        let mut response = self.show_order(number);
        response.status = 201;
        let url = format!("{}/order/{number}", self.url);
        response.lines.push(("Location", url));
        Ok(response)
    }

    fn order(&self, number: usize) -> Order {
        self.books.lock().unwrap().orders[number].clone()
    }

    fn show_order(&self, number: usize) -> Response {
        let order = self.order(number);
        let url = |what: &str| format!("{}/{what}/{number}", self.url);
        let failed = order.proven.values().any(Result::is_err);
        let proven = order.proven.len() == order.names.len();
        let mut waits = false;
        if order.certificate.is_some() {
            let left = &mut self.books.lock().unwrap().orders[number].waits;
            waits = *left > 0;
            *left = left.saturating_sub(1);
        }
        let status = match (&order.certificate, failed, proven) {
            (Some(_), _, _) if waits => "processing",
            (Some(_), _, _) => "valid",
            (None, true, _) => "invalid",
            (None, false, true) => "ready",
            (None, false, false) => "pending",
        };
        let names = order.names.iter();
        let authorizations = names.map(|name| format!("{}/{name}", url("authorization")));
        Response::json(
            200,
            &json!({
                "status": status,
                "identifiers": order.names.iter().map(|name| json!({ "type": "dns", "value": name })).collect::<Vec<_>>(),
                "authorizations": authorizations.collect::<Vec<_>>(),
                "finalize": url("finalize"),
                "certificate": order.certificate.is_some().then(|| url("certificate")),
                "replaces": order.replaces,
            }),
        )
    }

    fn show_authorization(&self, number: usize, name: &str) -> Response {
        let order = self.order(number);
        let result = order.proven.get(name);
        let status = match result {
            None => "pending",
            Some(Ok(())) => "valid",
            Some(Err(_)) => "invalid",
        };
        let stray = self.mood.lock().unwrap().stray;
        let challenge = |kind: &str| {
            let mut shown = json!({
                "type": kind,
                "url": format!("{}/challenge/{number}/{kind}/{name}", self.url),
                "token": token(number, name),
                "status": status,
            });
            if let Some(Err(why)) = result {
                shown["error"] =
                    json!({ "type": "urn:ietf:params:acme:error:unauthorized", "detail": why });
            }
            shown
        };
        Response::json(
            200,
            &json!({
                "identifier": { "type": "dns", "value": stray.unwrap_or(name) },
                "status": status,
                "challenges": [challenge("dns-01"), challenge("http-01"), challenge("tls-alpn-01")],
            }),
        )
    }

    /// Goes and sees.
    fn prove(&self, number: usize, kind: &str, name: &str, key: &AccountKey) -> Response {
        let (http, https) = {
            let mood = self.mood.lock().unwrap();
            (mood.http, mood.https)
        };
        let token = token(number, name);
        let expected = format!("{token}.{}", key.thumbprint());
        let result = match kind {
            "http-01" => http.map(|at| validation::over_http(at, name, &token, &expected)),
            "tls-alpn-01" => https.map(|at| validation::over_tls(at, name, &expected)),
            other => panic!("{other} was not asked for"),
        };
        let result = match result {
            Some(result) => result,
            None => Err(format!("{name} leads nowhere")),
        };
        let word = if result.is_ok() { "proven" } else { "unproven" };
        let mut books = self.books.lock().unwrap();
        books.log.push(format!("{word} {kind} {name}"));
        let proven = &mut books.orders[number].proven;
        proven.insert(name.to_owned(), result);
        drop(books);
        let url = format!("{}/challenge/{number}/{kind}/{name}", self.url);
        let shown = json!({ "type": kind, "url": url, "token": token, "status": "processing" });
        Response::json(200, &shown)
    }

    fn finalize(&self, number: usize, asked: &Asked, account: &str) -> Result<Response, Response> {
        let order = self.order(number);
        let all_proven = order.names.iter().all(|name| order.proven[name].is_ok());
        if !all_proven || order.account != account {
            return Err(problem(403, "orderNotReady", "prove it first"));
        }
        let request = BASE64.decode(asked.payload()["csr"].as_str().unwrap());
        let mood = self.mood.lock().unwrap();
        let signing = Signing {
            names: &order.names,
            lifetime: mood.lifetime.unwrap_or(90 * 24 * 60 * 60),
            wrong_key: mood.wrong_key,
            wrong_names: mood.wrong_names,
        };
        let certificate = signing
            .sign(&request.unwrap(), &self.files)
            .ok_or_else(|| problem(400, "badCSR", "the request is wrong"))?;
        drop(mood);
        self.note(format!("issued {}", order.names.join(" ")));
        self.books.lock().unwrap().orders[number].certificate = Some(certificate);
        Ok(self.show_order(number))
    }
}

fn number(text: &str) -> usize {
    text.parse().unwrap()
}

fn token(order: usize, name: &str) -> String {
    BASE64.encode(format!("{order} is for {name}"))
}

fn problem(status: u16, kind: &str, detail: &str) -> Response {
    let kind = format!("urn:ietf:params:acme:error:{kind}");
    Response::json(status, &json!({ "type": kind, "detail": detail }))
}
