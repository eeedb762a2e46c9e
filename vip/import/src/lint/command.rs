//! What a `script` line really runs, and what it was meant to find out.
//!
//! keepalived runs a program with arguments, split at white space, with single quotes around those that have
//! some. There is no shell: `||`, `|`, `>` and `$` are arguments like any other. Only what begins with `<` is
//! no program, and is handed to `/bin/sh`. (Seen with keepalived 2.2.7 under strace.)

use std::time::Duration;

use crate::read::parse_seconds;

/// A command, understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Command {
    /// What finds out the same.
    pub(crate) check: Check,
    /// The first word that only a shell would understand.
    pub(crate) operator: Option<String>,
    /// The program that is run.
    pub(crate) program: String,
    /// What is to be known if it is curl or wget that is run.
    pub(crate) fetch: Option<Fetch>,
}

impl Command {
    /// Whether keepalived's check cannot pass, however well the service is: curl takes an operator for
    /// something to fetch.
    pub(crate) fn fails_always(&self) -> bool {
        self.operator.is_some() && self.fetch.is_some()
    }
}

/// A check of the VIP daemon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Check {
    /// A URL that answers 2xx.
    Http(String),
    /// An address that accepts connections.
    Tcp(String),
    /// A program that ends with 0.
    Script(Vec<String>),
}

/// A call of curl or wget.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Fetch {
    /// How long it may take, if that is said.
    pub(crate) timeout: Option<Duration>,
    /// It fails when the answer is an error: curl's `-f`, and always so with wget.
    pub(crate) fails_on_errors: bool,
    /// The host's name is `localhost`.
    pub(crate) is_localhost: bool,
    /// All of it can be said with a URL.
    url: Option<String>,
}

/// The arguments that keepalived makes of a text: split at white space, except in single quotes.
pub(crate) fn arguments(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quoted = false;
    for character in text.chars() {
        match character {
            '\'' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            _ if character.is_whitespace() && !quoted => words.extend(word.take()),
            _ => word.get_or_insert_default().push(character),
        }
    }
    words.extend(word);
    words
}

/// Understands the words of a `script` line: one that is the whole command, or all of them.
pub(crate) fn understand(words: &[String]) -> Command {
    let (text, arguments) = match words {
        [text] => (text.clone(), arguments(text)),
        words => (words.join(" "), words.to_vec()),
    };
    let program = arguments.first().cloned().unwrap_or_default();
    let operator = arguments.iter().find(|word| is_for_a_shell(word)).cloned();
    // What a shell would run first, were there one.
    let first = arguments.iter().take_while(|word| !is_for_a_shell(word));
    let first: Vec<String> = first.cloned().collect();
    let fetch = fetched(&first);
    let is_only_exit = is_only_exit(arguments.get(first.len()..).unwrap_or_default());
    let url = fetch.as_ref().and_then(|fetch| fetch.url.clone());
    let check = if let Some(url) = url.filter(|_| is_only_exit) {
        Check::Http(url)
    } else if let Some(address) = connected(&arguments) {
        Check::Tcp(address)
    } else if operator.is_some() {
        // What was meant, said so that it is also done.
        Check::Script(vec!["/bin/sh".to_owned(), "-c".to_owned(), text])
    } else {
        Check::Script(arguments)
    };
    Command {
        check,
        operator,
        program,
        fetch,
    }
}

/// Whether a word means something to a shell only. A URL may have `&` and `;` in it.
fn is_for_a_shell(word: &str) -> bool {
    if word.contains("://") {
        return false;
    }
    word.contains(['|', ';', '>', '<', '`', '$']) || word.contains("&&") || word == "&"
}

/// Whether what comes after a command has no say: nothing, `|| exit 1`, or output that goes nowhere.
fn is_only_exit(rest: &[String]) -> bool {
    let rest: Vec<&str> = rest.iter().map(String::as_str).collect();
    let start = rest.iter().take_while(|word| is_silencing(word)).count();
    matches!(
        rest.get(start..).unwrap_or_default(),
        [] | ["||", "exit" | "false" | "/bin/false"] | ["||", "exit", "1"]
    )
}

fn is_silencing(word: &str) -> bool {
    matches!(
        word,
        ">/dev/null" | "1>/dev/null" | "2>/dev/null" | "&>/dev/null" | "2>&1" | ">" | "/dev/null"
    )
}

/// A call of curl or wget, as far as it is one.
fn fetched(arguments: &[String]) -> Option<Fetch> {
    let (program, options) = arguments.split_first()?;
    let is_curl = match program.rsplit('/').next() {
        Some("curl") => true,
        Some("wget") => false,
        _ => return None,
    };
    let mut fetch = Fetch {
        fails_on_errors: !is_curl,
        ..Fetch::default()
    };
    let mut urls = Vec::new();
    let mut is_simple = true;
    let mut options = options.iter().map(String::as_str);
    while let Some(option) = options.next() {
        match option {
            "-f" | "--fail" | "-fsS" | "-sf" | "-fs" | "-sSf" | "-fsSL" | "-sfL" if is_curl => {
                fetch.fails_on_errors = true;
            }
            "-s" | "-S" | "-sS" | "-q" | "-v" | "--silent" | "--show-error" | "--quiet"
            | "--spider" | "-qO-" | "-O-" | "-qO/dev/null" => {}
            "-o" | "--output" | "-O" | "-w" | "--write-out" => {
                options.next();
            }
            "-m" | "--max-time" | "--connect-timeout" | "-T" | "--timeout" | "-t" | "--tries" => {
                let value = options.next().and_then(parse_seconds);
                if !matches!(option, "-t" | "--tries") {
                    fetch.timeout = fetch.timeout.max(value);
                }
            }
            _ if option.starts_with("--timeout=") || option.starts_with("--max-time=") => {
                fetch.timeout = option
                    .split_once('=')
                    .and_then(|(_, value)| parse_seconds(value));
            }
            _ if option.starts_with('-') => is_simple = false,
            _ => urls.push(option),
        }
    }
    if let [url] = urls.as_slice() {
        let rest = url.strip_prefix("http://").unwrap_or(url);
        fetch.is_localhost = rest.split(['/', ':']).next() == Some("localhost");
        fetch.url = plain_url(url).filter(|_| is_simple);
    }
    Some(fetch)
}

/// `http://HOST:PORT/PATH`, with what was left out, and with the address that `localhost` stands for.
fn plain_url(url: &str) -> Option<String> {
    let rest = match url.split_once("://") {
        Some(("http", rest)) => rest,
        Some(_) => return None,
        None => url,
    };
    let (authority, path) = match rest.split_once('/') {
        Some((authority, path)) => (authority, path),
        None => (rest, ""),
    };
    if authority.is_empty() || authority.contains('@') || rest.contains(['$', '*', '{', '[']) {
        return None;
    }
    let (host, port) = authority.split_once(':').unwrap_or((authority, "80"));
    port.parse::<u16>().ok()?;
    let host = if host == "localhost" {
        "127.0.0.1"
    } else {
        host
    };
    Some(format!("http://{host}:{port}/{path}"))
}

/// An address to which a connection is made, and nothing else: bash's `</dev/tcp/HOST/PORT`, and `nc -z`.
fn connected(arguments: &[String]) -> Option<String> {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let of_bash = |word: &str| {
        let (host, port) = word
            .trim_start_matches('<')
            .strip_prefix("/dev/tcp/")?
            .split_once('/')?;
        Some((host.to_owned(), port.to_owned()))
    };
    let (host, port) = match arguments.as_slice() {
        [word] | ["bash" | "/bin/bash" | "/usr/bin/bash", "-c", word] => of_bash(word)?,
        [nc, options @ .., host, port]
            if matches!(nc.rsplit('/').next(), Some("nc" | "ncat" | "netcat")) =>
        {
            let is_probe =
                options.contains(&"-z") || options.contains(&"-zv") || options.contains(&"-vz");
            is_probe.then(|| ((*host).to_owned(), (*port).to_owned()))?
        }
        _ => return None,
    };
    port.parse::<u16>().ok()?;
    let host = if host == "localhost" {
        "127.0.0.1"
    } else {
        host.as_str()
    };
    Some(format!("{host}:{port}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> Check {
        understand(&[text.to_owned()]).check
    }

    fn http(url: &str) -> Check {
        Check::Http(url.to_owned())
    }

    #[test]
    fn a_call_of_curl_is_a_url() {
        for text in [
            "/usr/bin/curl -f http://localhost/health || exit 1",
            "curl -fsS http://127.0.0.1:80/health",
            "curl -s -o /dev/null -m 2 http://localhost/health",
            "curl -f localhost/health >/dev/null 2>&1 || exit 1",
            "wget -q --spider http://localhost/health",
            "wget -qO- -T 1 http://localhost:80/health > /dev/null",
        ] {
            assert_eq!(check(text), http("http://127.0.0.1:80/health"), "{text}");
        }
        assert_eq!(
            check("curl http://a:81/b?c=1&d=2"),
            http("http://a:81/b?c=1&d=2")
        );
        assert_eq!(check("curl http://a"), http("http://a:80/"));
    }

    #[test]
    fn what_a_url_cannot_say_stays_a_program() {
        for text in [
            "curl -k https://localhost/health",
            "curl -H Host:a http://localhost/health",
            "curl http://user:pass@localhost/",
            "curl http://a/ http://b/",
            "curl http://[::1]/",
        ] {
            assert_eq!(check(text), Check::Script(arguments(text)), "{text}");
        }
        for text in [
            "curl -s http://localhost/health | grep -q ok",
            "curl -f http://a/ || systemctl stop keepalived",
            "[ -f /run/ok ] && exit 0",
            "pidof nginx > /dev/null",
            "test $(pidof nginx)",
        ] {
            let shell = ["/bin/sh", "-c", text].map(str::to_owned);
            assert_eq!(check(text), Check::Script(shell.into()), "{text}");
        }
    }

    #[test]
    fn a_connection_is_an_address() {
        for text in [
            "</dev/tcp/127.0.0.1/80",
            "bash -c '</dev/tcp/127.0.0.1/80'",
            "nc -z 127.0.0.1 80",
            "/usr/bin/nc -w 1 -z localhost 80",
        ] {
            assert_eq!(check(text), Check::Tcp("127.0.0.1:80".to_owned()), "{text}");
        }
        assert_eq!(
            check("nc 127.0.0.1 80"),
            Check::Script(arguments("nc 127.0.0.1 80"))
        );
    }

    #[test]
    fn arguments_are_split_as_by_keepalived() {
        assert_eq!(arguments(" a  'b c' d'e f' ''"), ["a", "b c", "de f", ""]);
        let said = understand(&["/bin/check".to_owned(), "a b".to_owned()]);
        assert_eq!(
            said.check,
            Check::Script(vec!["/bin/check".to_owned(), "a b".to_owned()])
        );
    }

    #[test]
    fn operators_are_found() {
        let operator = |text: &str| understand(&[text.to_owned()]).operator;
        assert_eq!(
            operator("curl -f http://a/ || exit 1").as_deref(),
            Some("||")
        );
        assert_eq!(operator("a; b").as_deref(), Some("a;"));
        assert_eq!(operator("a 2>&1").as_deref(), Some("2>&1"));
        assert_eq!(operator("killall -0 nginx"), None);
        assert_eq!(operator("curl http://a/?b&c;d"), None);
    }

    #[test]
    fn timeouts_are_found() {
        let timeout = |text: &str| understand(&[text.to_owned()]).fetch.unwrap().timeout;
        assert_eq!(timeout("curl -m 2 http://a/"), Some(Duration::from_secs(2)));
        assert_eq!(
            timeout("curl --max-time 0.5 http://a/"),
            Some(Duration::from_millis(500))
        );
        assert_eq!(
            timeout("wget --timeout=3 http://a/"),
            Some(Duration::from_secs(3))
        );
        assert_eq!(timeout("curl -f http://a/"), None);
    }
}
