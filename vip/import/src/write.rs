//! The same in the words of the VIP daemon, each line with what it was.

mod instance;
mod lines;
mod track;

use lines::Lines;

use crate::Password;
use crate::finding::Findings;
use crate::lint::Judged;
use crate::read::Configuration;

/// Where configurations of this product are.
const DIRECTORY: &str = "/etc/hifate";

/// The text of `vip.toml`, and the passwords of the files that it names.
pub(crate) fn write(
    main: &str,
    configuration: &Configuration,
    judged: &Judged,
    findings: &mut Findings,
) -> (String, Vec<Password>) {
    let mut lines = Lines::default();
    let mut passwords = Vec::new();
    lines.comment(&format!(
        "Written by `hifate-vip import keepalived {main}`. Behind each line is what it was."
    ));
    if configuration
        .instances
        .iter()
        .any(|instance| !instance.speaks_v3())
    {
        lines.comment(
            "It speaks with keepalived on the other node. When both run hifate-vip, say on both: version = 3, \
             advert_interval = \"100ms\", and auth = { type = \"hmac\", key_file = \"…\" }.",
        );
    }
    for instance in &configuration.instances {
        instance::write(
            configuration,
            instance,
            judged,
            findings,
            &mut lines,
            &mut passwords,
        );
    }
    (lines.finish(), passwords)
}
