//! The unit files, as systemd's own tools judge them.

use std::fs;
use std::process::Command;

const UNITS: &str = "../systemd";

fn analyze(arguments: &[&str], unit: &str) -> (Option<i32>, String) {
    let outcome = Command::new("systemd-analyze")
        .args(arguments)
        .arg(unit)
        .env("SYSTEMD_PAGER", "")
        .output()
        .expect("systemd-analyze is there (make setup)");
    let said = [outcome.stdout, outcome.stderr].concat();
    (
        outcome.status.code(),
        String::from_utf8_lossy(&said).into_owned(),
    )
}

/// 0 is a service that can do nothing, 10 one that can do everything; here it is a bar of 1.9.
#[test]
fn the_service_can_do_little_but_serve() {
    let unit = format!("{UNITS}/hifate-edge.service");
    let (code, said) = analyze(&["security", "--offline=true", "--threshold=19"], &unit);
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains("Overall exposure level for hifate-edge.service"),
        "{said}"
    );
    // The check can fail: without its sandbox the service is exposed.
    let text = fs::read_to_string(&unit).unwrap();
    let bare = text
        .lines()
        .filter(|line| !line.starts_with("Protect") && !line.starts_with("System"));
    let dir = tempfile::tempdir().unwrap();
    let bare_unit = dir.path().join("hifate-edge.service");
    fs::write(&bare_unit, bare.collect::<Vec<_>>().join("\n")).unwrap();
    let arguments = ["security", "--offline=true", "--threshold=19"];
    let (code, said) = analyze(&arguments, bare_unit.to_str().unwrap());
    assert_ne!(code, Some(0), "{said}");
}

#[test]
fn the_units_are_understood() {
    let dir = tempfile::tempdir().unwrap();
    let program = env!("CARGO_BIN_EXE_hifate-edge");
    for name in ["hifate-edge.service", "hifate-edge.socket"] {
        let text = fs::read_to_string(format!("{UNITS}/{name}")).unwrap();
        // It is not installed where the tests run.
        let text = text.replace("/usr/bin/hifate-edge", program);
        fs::write(dir.path().join(name), text).unwrap();
    }
    for name in ["hifate-edge.service", "hifate-edge.socket"] {
        let unit = dir.path().join(name);
        let (code, said) = analyze(&["verify", "--man=no"], unit.to_str().unwrap());
        assert_eq!((code, said.as_str()), (Some(0), ""));
    }
}

/// Where it writes is where the production configuration says.
#[test]
fn the_unit_has_room_for_what_the_configuration_writes() {
    let unit = fs::read_to_string(format!("{UNITS}/hifate-edge.service")).unwrap();
    let config = fs::read_to_string(format!("{UNITS}/../conf/edge.toml")).unwrap();
    for (directory, path) in [
        ("RuntimeDirectory=hifate", "/run/hifate/edge.pid"),
        ("LogsDirectory=hifate", "/var/log/hifate/access.log"),
        ("ConfigurationDirectory=hifate", "/etc/hifate"),
    ] {
        assert!(unit.contains(directory), "{directory}");
        assert!(config.contains(path) || unit.contains(path), "{path}");
    }
}

/// Into a folder, from stand-ins for the programs that are not the edge.
#[test]
fn an_installation_is_complete_and_keeps_the_configuration() {
    let dir = tempfile::tempdir().unwrap();
    let (programs, system) = (dir.path().join("programs"), dir.path().join("system"));
    fs::create_dir(&programs).unwrap();
    for name in ["hifate", "hifate-edge", "hifate-vip", "hifate-backend"] {
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_hifate-edge"), programs.join(name)).unwrap();
    }
    let install = || {
        let outcome = Command::new(format!("{UNITS}/../scripts/install.sh"))
            .env("PROGRAMS", &programs)
            .env("DESTDIR", &system)
            .env("PREFIX", "/usr/local")
            .output()
            .unwrap();
        assert!(outcome.status.success(), "{outcome:?}");
        String::from_utf8(outcome.stdout).unwrap()
    };
    assert_eq!(install(), "");
    for path in [
        "usr/local/bin/hifate-edge",
        "usr/local/bin/hifate-vip",
        "usr/local/lib/systemd/system/hifate-vip.service",
        "usr/local/lib/systemd/system/hifate-edge.service",
        "usr/local/lib/systemd/system/hifate-edge.socket",
        "usr/local/lib/sysusers.d/hifate.conf",
        "usr/local/lib/tmpfiles.d/hifate.conf",
        "usr/local/share/man/man1/hifate-edge.1",
        "usr/local/share/bash-completion/completions/hifate-edge",
        "usr/local/share/zsh/site-functions/_hifate-edge",
        "usr/local/share/fish/vendor_completions.d/hifate-edge.fish",
        "usr/local/share/hifate/schema/edge.json",
        "etc/hifate/edge.toml",
        "etc/hifate/backend.toml",
        "etc/hifate/vip.toml",
    ] {
        assert!(fs::metadata(system.join(path)).unwrap().len() > 0, "{path}");
    }
    let unit = fs::read_to_string(system.join("usr/local/lib/systemd/system/hifate-edge.service"));
    assert!(
        unit.unwrap()
            .contains("ExecStart=/usr/local/bin/hifate-edge run")
    );
    let config = system.join("etc/hifate/edge.toml");
    fs::write(&config, "# changed\n").unwrap();
    assert!(install().contains("edge.toml stays as it is"));
    assert_eq!(fs::read_to_string(&config).unwrap(), "# changed\n");
    assert!(system.join("etc/hifate/edge.toml.new").exists());
}
