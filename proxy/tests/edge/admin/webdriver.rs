//! A browser without a window, driven by W3C `WebDriver`.

use std::io::Write as _;
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine as _;
use serde_json::{Value, json};

use crate::http::Connection;
use crate::process::free_address;

/// Chromium and its driver; ended when dropped.
#[derive(Debug)]
pub(super) struct Browser {
    driver: Child,
    address: SocketAddr,
    session: String,
}

impl Browser {
    /// Starts one.
    pub(super) fn start() -> Self {
        let address = free_address();
        let driver = Command::new("chromedriver")
            .arg(format!("--port={}", address.port()))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver (Debian: chromium-driver, see scripts/setup.sh)");
        let mut browser = Self {
            driver,
            address,
            session: String::new(),
        };
        let end = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(address).is_err() {
            assert!(Instant::now() < end, "chromedriver does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
        // The sandbox wants another user than root, and containers have little shared memory.
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--hide-scrollbars",
            "--window-size=1400,1240",
        ];
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "goog:loggingPrefs": { "browser": "ALL" },
            "goog:chromeOptions": { "args": arguments },
        }}});
        let session = browser.call("POST", "/session", &wanted);
        browser.session = format!("/session/{}", session["sessionId"].as_str().unwrap());
        browser
    }

    /// Goes to a page.
    pub(super) fn open(&self, url: &str) {
        self.of_session("POST", "/url", &json!({ "url": url }));
    }

    /// Runs a script in the page; its value.
    pub(super) fn run(&self, script: &str) -> Value {
        self.of_session(
            "POST",
            "/execute/sync",
            &json!({ "script": script, "args": [] }),
        )
    }

    /// Waits until a script says `true`.
    pub(super) fn until(&self, script: &str) {
        let end = Instant::now() + Duration::from_secs(20);
        while self.run(&format!("return {script}")) != true {
            let text = self.run("return document.body.innerText");
            assert!(Instant::now() < end, "never true: {script}\n{text}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// What the operator's system prefers.
    pub(super) fn prefer(&self, scheme: &str) {
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        let command =
            json!({ "cmd": "Emulation.setEmulatedMedia", "params": { "features": features } });
        self.of_session("POST", "/goog/cdp/execute", &command);
    }

    /// What the page looks like, as PNG.
    pub(super) fn picture(&self) -> Vec<u8> {
        let picture = self.of_session("GET", "/screenshot", &Value::Null);
        let base64 = base64::engine::general_purpose::STANDARD;
        base64.decode(picture.as_str().unwrap()).unwrap()
    }

    /// What the console has said since it was last asked.
    pub(super) fn console(&self) -> Vec<String> {
        let lines = self.of_session("POST", "/se/log", &json!({ "type": "browser" }));
        let lines = lines.as_array().unwrap().iter();
        lines
            .map(|line| line["message"].as_str().unwrap().to_owned())
            .collect()
    }

    fn of_session(&self, method: &str, path: &str, body: &Value) -> Value {
        self.call(method, &format!("{}{path}", self.session), body)
    }

    fn call(&self, method: &str, path: &str, body: &Value) -> Value {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let stream = TcpStream::connect(self.address).unwrap();
        let mut connection = Connection::over(stream);
        connection
            .stream
            .set_read_timeout(Some(Duration::from_mins(1)))
            .unwrap();
        let (address, length) = (self.address, body.len());
        write!(
            connection.stream,
            "{method} {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        )
        .unwrap();
        let reply = connection.reply().unwrap();
        let value: Value = serde_json::from_slice(&reply.body).unwrap();
        assert_eq!(reply.status, 200, "{method} {path}: {value}");
        value["value"].clone()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The driver ends its browser when the session ends; there may be none, or none any more.
        if !self.session.is_empty()
            && let Ok(mut stream) = TcpStream::connect(self.address)
        {
            let request = format!(
                "DELETE {} HTTP/1.0\r\nHost: localhost\r\n\r\n",
                self.session
            );
            drop(stream.write_all(request.as_bytes()));
            drop(stream.set_read_timeout(Some(Duration::from_secs(10))));
            drop(std::io::Read::read_to_end(&mut stream, &mut Vec::new()));
        }
        drop(self.driver.kill());
        drop(self.driver.wait());
    }
}
