//! A program whose instructions are counted.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A program that runs under callgrind; it is killed when the value is dropped.
#[derive(Debug)]
pub(crate) struct Counted {
    child: Child,
    out: PathBuf,
    dumps: u32,
}

impl Counted {
    /// Starts `program` in `dir`; what it says goes to a file there.
    pub(crate) fn start(program: &Path, arguments: &[&str], dir: &Path) -> Self {
        let out = dir.join("callgrind");
        let said = fs::File::create(dir.join("said")).unwrap();
        let child = callgrind(&out, program, arguments)
            .current_dir(dir)
            .stdin(Stdio::null())
            .stdout(said.try_clone().unwrap())
            .stderr(said)
            .spawn();
        Self {
            child: child.expect("valgrind is not installed: make setup"),
            out,
            dumps: 0,
        }
    }

    /// How many instructions the program executes while `work` is done.
    pub(crate) fn during(&mut self, work: impl FnOnce()) -> u64 {
        self.control("--zero");
        work();
        self.control("--dump");
        self.dumps += 1;
        let dump = format!("{}.{}", self.out.display(), self.dumps);
        total(Path::new(&dump))
    }

    fn control(&self, what: &str) {
        let id = self.child.id().to_string();
        let outcome = Command::new("callgrind_control").args([what, &id]).output();
        let outcome = outcome.unwrap();
        assert!(outcome.status.success(), "{outcome:?}");
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// How many instructions a program executes from its start to its end.
pub(crate) fn whole(program: &Path, arguments: &[&str]) -> u64 {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("callgrind");
    let outcome = callgrind(&out, program, arguments).output();
    let outcome = outcome.expect("valgrind is not installed: make setup");
    assert!(outcome.status.success(), "{outcome:?}");
    total(&out)
}

/// The program under callgrind, which writes to `out`.
fn callgrind(out: &Path, program: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("valgrind");
    command
        .args(["--tool=callgrind", "--quiet"])
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(program)
        .args(arguments);
    command
}

fn total(dump: &Path) -> u64 {
    let text = fs::read_to_string(dump).unwrap();
    let totals = text.lines().find_map(|line| line.strip_prefix("totals: "));
    totals.unwrap().trim().parse().unwrap()
}
