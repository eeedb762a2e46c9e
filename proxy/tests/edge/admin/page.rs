//! The page, in a browser.

use std::fs;
use std::path::Path;

use super::webdriver::Browser;
use super::{TOKEN, ask, states};
use crate::origin::Origin;
use crate::process::{Edge, free_address, proxy_to, server};

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
        let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
        fs::write(docs.join(format!("admin-{name}.png")), picture).unwrap();
    }
}
