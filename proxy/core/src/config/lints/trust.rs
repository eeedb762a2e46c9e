//! Lists of the trusted that everybody is in.

use settings::{Place, Problem, Problems};

use super::file;

pub(super) fn find(config: &file::Config, warnings: &mut Problems) {
    let root = Place::root();
    let spoofed = "everybody is trusted, so any client can name any address as its own";
    let help = "name the load balancers only";
    let trusted = root.key("client").key("trusted");
    everybody(&config.client.trusted, &trusted, (spoofed, help), warnings);
    for (index, listener) in config.listener.iter().enumerate() {
        if let Some(written) = &listener.proxy_protocol {
            let at = root
                .key("listener")
                .index(index)
                .key("proxy_protocol")
                .key("from");
            everybody(&written.from, &at, (spoofed, help), warnings);
        }
    }
    let told = "everybody is told why a request failed, and so what happens behind the edge";
    let help = "name the networks of the operators only";
    let reasons = root.key("errors").key("reason_to");
    everybody(&config.errors.reason_to, &reasons, (told, help), warnings);
}

fn everybody(
    networks: &[String],
    at: &Place,
    (message, help): (&str, &str),
    warnings: &mut Problems,
) {
    for (index, network) in networks.iter().enumerate() {
        if network.ends_with("/0") {
            warnings.note(Problem::new(&at.index(index), message).help(help));
        }
    }
}
