//! The page, in a browser.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use super::webdriver::Browser;
use super::{TOKEN, ask, states};
use crate::origin::Origin;
use crate::process::{Edge, free_address, proxy_to, server};
use crate::tls::certificate;
use crate::upstream_tls::Authority;

/// The text of the row of a server in the table.
fn row(address: &str) -> String {
    format!(
        "([...document.querySelectorAll('#server-table tbody tr')].find(row => row.innerText.includes('{address}')) || document.createElement('tr'))"
    )
}

#[test]
fn its_parts_are_its_own() {
    let one = Origin::saying("one");
    let edge = Edge::start(&proxy_to(&[server(one.address, "")]));
    for (path, kind) in [
        ("/", "text/html"),
        ("/page.css", "text/css"),
        ("/page.js", "text/javascript"),
    ] {
        let reply = ask(&edge, &format!("GET {path}"), "", "");
        assert_eq!(reply.status, 200);
        assert!(
            reply.header("content-type").unwrap().starts_with(kind),
            "{reply:?}"
        );
        let policy = reply.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none';"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        let text = reply.text().replace("http://www.w3.org/2000/svg", "");
        assert!(
            !text.contains("//") || !text.contains("http://") && !text.contains("https://"),
            "{path}"
        );
        assert!(!text.contains("innerHTML"), "{path}");
    }
}

/// The pictures in `docs/` are taken here, with `UPDATE_GOLDEN` set.
#[test]
fn it_shows_and_drains_servers_and_knows_the_dark() {
    let (one, two, backup) = (Origin::saying("one"), Origin::saying("two"), free_address());
    let servers = [
        server(one.address, ", weight = 2"),
        server(two.address, ""),
        server(backup, ", backup = true"),
    ];
    let config = proxy_to(&servers)
        + "[upstream.web.health_check]\ntype = \"tcp\"\ninterval = \"200ms\"\nfall = 1\nrise = 1\n\
           [[site]]\nnames = [\"status.test\"]\n[[site.route]]\npath = \"/\"\nstatus_page = true\n";
    let edge = Edge::start(&config);
    for _ in 0..50 {
        edge.get("/");
    }
    let browser = Browser::start();
    browser.open(&format!("http://{}/", edge.admin));
    browser.until("document.getElementById('readiness').textContent === 'ready'");
    let first = row(&one.address.to_string());
    browser.until(&format!("{first}.innerText.includes('up')"));
    let sick = row(&backup.to_string());
    browser.until(&format!("{sick}.innerText.includes('probes fail: ')"));
    browser.until("document.querySelectorAll('#links path').length === 6");
    browser.until("document.getElementById('rate').textContent.endsWith('/s')");
    browser.until("document.querySelector('#chart-rate .dash-a').getAttribute('d').includes('L')");

    browser.run(&format!("{first}.querySelector('button').click()"));
    browser.until(&format!(
        "{first}.querySelector('.badge').textContent === 'drain'"
    ));
    assert!(states(&edge).contains(&(one.address.to_string(), "drain".to_owned())));
    browser.until(
        "document.getElementById('events').innerText.includes('set to drain by an operator')",
    );
    browser.run(&format!(
        "const input = {first}.querySelector('input'); input.value = 9; input.dispatchEvent(new Event('change'))"
    ));
    edge.eventually("the weight is changed", || {
        super::read(&edge, "/api/v1/upstreams")[0]["servers"][0]["weight"] == 9
    });
    keep("light", &browser);
    let ground = "return getComputedStyle(document.body).backgroundColor";
    let light = browser.run(ground);
    browser.prefer("dark");
    assert_ne!(browser.run(ground), light);
    keep("dark", &browser);
    browser.run(&format!("{first}.querySelector('button').click()"));
    browser.until(&format!(
        "{first}.querySelector('.badge').textContent === 'up'"
    ));
    assert_eq!(browser.console(), Vec::<String>::new());
    // Whoever cannot see it finds their way by landmarks, headings and names.
    let nameless = "return [...document.querySelectorAll('button, input, [role=img]')].filter(one => \
                    !one.closest('[hidden]') && !one.innerText && !one.labels?.length && !one.getAttribute('aria-label')).length";
    assert_eq!(browser.run(nameless), 0);
    assert_eq!(
        browser.run(
            "return document.querySelectorAll('main > section[aria-labelledby], header').length"
        ),
        4
    );
}

#[test]
fn it_shows_certificates_orders_and_the_virtual_address() {
    let authority = Authority::new();
    authority.sign("a", "a.test");
    authority.issue("b", &["b.test"], |params| {
        params.not_after = params.not_before + Duration::from_mins(1);
    });
    let file = |name: &str| certificate(&authority, name);
    // Nobody is there to order from.
    let acme = format!(
        "[acme]\ndirectory = 'https://{}/directory'\nstate = 'acme'\nagree_to_terms = true\n",
        free_address()
    );
    let vip = Origin::start(|_, stream| {
        let status = r#"{"instances": [{"name": "VI_1", "state": "MASTER", "since": 1750000000}]}"#;
        let length = status.len();
        let head = format!("HTTP/1.0 200 OK\r\nContent-Length: {length}\r\n\r\n");
        stream
            .write_all([head.as_str(), status].concat().as_bytes())
            .unwrap();
        false
    });
    let edge = Edge::start(&format!(
        "tls = {{ certificates = [{}, {}, {{ acme = ['c.test'] }}] }}\n\
         [[listener]]\naddress = '{}'\n[admin]\nvip = '{}'\n{acme}[[site]]\n[[site.route]]\n\
         path = '/'\nrespond = {{ status = 204 }}\n",
        file("a"),
        file("b"),
        free_address(),
        vip.address,
    ));
    let browser = Browser::start();
    browser.open(&format!("http://{}/", edge.admin));
    let cell = |name: &str, text: &str| {
        let row = "[...document.querySelectorAll('#certificate-table tbody tr')]";
        browser.until(&format!(
            "{row}.some(row => row.innerText.includes('{name}') && row.innerText.includes('{text}'))"
        ));
    };
    cell("a.test", "days, until");
    cell("b.test", "not valid now");
    cell("c.test", "order failed");
    browser.until("document.getElementById('vip-facts').innerText.includes('VI_1')");
    browser.until("document.getElementById('vip-facts').innerText.includes('MASTER')");
    browser.until(
        "document.getElementById('events').innerText.includes('c.test could not be ordered')",
    );
    assert_eq!(browser.console(), Vec::<String>::new());
}

#[test]
fn a_token_opens_the_controls_and_is_not_kept() {
    let (one, two) = (Origin::saying("one"), Origin::saying("two"));
    let config = "[admin]\ntoken_file = \"token\"\n".to_owned()
        + &proxy_to(&[server(one.address, ""), server(two.address, "")]);
    let edge = Edge::start_with(&config, &[("token", TOKEN)]);
    let browser = Browser::start();
    browser.open(&format!("http://{}/", edge.admin));
    let button = format!("{}.querySelector('button')", row(&one.address.to_string()));
    browser.until(&format!("{button} !== null && {button}.disabled"));
    browser.until("!document.getElementById('access').hidden");
    browser.run(&format!(
        "document.getElementById('token').value = '{TOKEN}'; document.getElementById('access').requestSubmit()"
    ));
    browser.until(&format!("!{button}.disabled"));
    browser.run(&format!("{button}.click()"));
    edge.eventually("it is drained", || states(&edge)[0].1 == "drain");
    assert_eq!(
        browser.run("return localStorage.length + sessionStorage.length + document.cookie.length"),
        0
    );
    assert_eq!(browser.console(), Vec::<String>::new());
}

fn keep(name: &str, browser: &Browser) {
    let picture = browser.picture();
    assert!(picture.starts_with(b"\x89PNG"), "{name}");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        let docs = Path::new("../docs");
        fs::write(docs.join(format!("admin-{name}.png")), picture).unwrap();
    }
}
