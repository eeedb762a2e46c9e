//! Debian's nginx, side by side with the edge: the reference that it is compared with.

use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::process::free_address;

/// A running nginx of the test's own; killed when dropped.
#[derive(Debug)]
pub(crate) struct Nginx {
    child: Child,
    dir: TempDir,
    /// Where clients connect.
    pub(crate) http: SocketAddr,
}

impl Nginx {
    /// Starts nginx with `block` as what stands in `http {}`; `LISTEN` in it becomes an address of
    /// its own. Paths are relative to a directory of its own. One process, so that lines of logs
    /// stand in the order of the requests.
    pub(crate) fn start(block: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let http = free_address();
        let block = block.replace("LISTEN", &http.to_string());
        let config = format!(
            "daemon off;\nmaster_process off;\npid nginx.pid;\nerror_log error.log info;\n\
             events {{}}\nhttp {{\naccess_log off;\n{}\n{block}\n}}\n",
            temp_paths()
        );
        fs::write(dir.path().join("nginx.conf"), config).unwrap();
        let output = fs::File::create(dir.path().join("output.log")).unwrap();
        let child = Command::new(program("nginx"))
            .arg("-p")
            .arg(dir.path())
            .args(["-c", "nginx.conf", "-e", "error.log"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(output)
            .spawn()
            .unwrap();
        let mut nginx = Self { child, dir, http };
        let end = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect(http).is_err() {
            let ended = nginx.child.try_wait().unwrap();
            assert!(
                ended.is_none() && Instant::now() < end,
                "nginx does not listen: {}{}",
                nginx.read("output.log"),
                nginx.read("error.log")
            );
            std::thread::sleep(Duration::from_millis(10));
        }
        nginx
    }

    /// A file in its directory, so far.
    pub(crate) fn read(&self, name: &str) -> String {
        let bytes = fs::read(self.dir.path().join(name)).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Debian's own paths are not writable for everybody.
fn temp_paths() -> String {
    ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path temp_{kind};\n"))
        .concat()
}

/// Where a program that `make setup` installs is.
pub(crate) fn program(name: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    // Debian's nginx is where only root looks.
    let found = std::env::split_paths(&path)
        .chain([PathBuf::from("/usr/sbin")])
        .map(|dir| dir.join(name))
        .find(|path| Path::is_file(path));
    found.unwrap_or_else(|| panic!("{name} is not installed; `make setup` says how"))
}
