//! How a program starts, is told what to do, and ends.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Termination};
use std::time::Duration;
use std::{fs, process, thread};

use nix::sys::signal;
use nix::unistd::Pid;
use sd_notify::NotifyState;
use tokio::signal::unix::{self, SignalKind};

/// What a program says with its exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// All went well.
    Good,
    /// The thing asked about is bad: a configuration is invalid, a service is down.
    Bad,
    /// The command line was not understood.
    Usage,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Good => Self::from(0),
            Exit::Bad => Self::from(1),
            Exit::Usage => Self::from(2),
        }
    }
}

impl Termination for Exit {
    fn report(self) -> ExitCode {
        self.into()
    }
}

/// What an operator or the service manager asks of a running program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// SIGHUP: read the configuration again.
    Hangup,
    /// SIGINT: stop, from the keyboard.
    Interrupt,
    /// SIGQUIT: finish what is in flight, then stop.
    Quit,
    /// SIGTERM: stop.
    Terminate,
    /// SIGUSR1: open the log files again.
    User1,
    /// SIGUSR2: hand over to a new binary.
    User2,
}

/// The signals sent to this process, from the moment of [`Signals::listen`] on.
#[derive(Debug)]
pub struct Signals {
    hangup: unix::Signal,
    interrupt: unix::Signal,
    quit: unix::Signal,
    terminate: unix::Signal,
    user1: unix::Signal,
    user2: unix::Signal,
}

impl Signals {
    /// Takes over the six signals; needs a tokio runtime with IO.
    pub fn listen() -> io::Result<Self> {
        Ok(Self {
            hangup: unix::signal(SignalKind::hangup())?,
            interrupt: unix::signal(SignalKind::interrupt())?,
            quit: unix::signal(SignalKind::quit())?,
            terminate: unix::signal(SignalKind::terminate())?,
            user1: unix::signal(SignalKind::user_defined1())?,
            user2: unix::signal(SignalKind::user_defined2())?,
        })
    }

    /// Waits for the next signal.
    pub async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.hangup.recv() => Signal::Hangup,
            _ = self.interrupt.recv() => Signal::Interrupt,
            _ = self.quit.recv() => Signal::Quit,
            _ = self.terminate.recv() => Signal::Terminate,
            _ = self.user1.recv() => Signal::User1,
            _ = self.user2.recv() => Signal::User2,
        }
    }

    /// Waits until the program is asked to stop, ignoring all else.
    pub async fn stop(&mut self) -> Signal {
        loop {
            match self.next().await {
                stop @ (Signal::Interrupt | Signal::Quit | Signal::Terminate) => return stop,
                Signal::Hangup | Signal::User1 | Signal::User2 => {}
            }
        }
    }
}

/// Tells the service manager, if there is one, that the program is ready.
pub fn ready() {
    notify(&[NotifyState::Ready]);
}

/// Tells the service manager that a reload has begun; [`ready`] ends it.
pub fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => notify(&[NotifyState::Reloading, now]),
        Err(error) => tracing::warn!(%error, "no monotonic clock for the service manager"),
    }
}

/// Tells the service manager that the program is about to end.
pub fn stopping() {
    notify(&[NotifyState::Stopping]);
}

/// Tells the service manager that another process is the main one from now on. It believes this only
/// of the one that has been so far.
pub fn successor(process: u32) {
    notify(&[NotifyState::MainPid(process)]);
}

/// How often the service manager wants to hear that all is [well], at the least; `None` if it does not.
pub fn watchdog() -> Option<Duration> {
    sd_notify::watchdog_enabled().filter(|limit| !limit.is_zero())
}

/// Tells the service manager's watchdog that the program gets on.
pub fn well() {
    notify(&[NotifyState::Watchdog]);
}

/// Sends a signal on to another process.
pub fn pass_on(received: Signal, process: u32) {
    let signal = match received {
        Signal::Hangup => signal::SIGHUP,
        Signal::Interrupt => signal::SIGINT,
        Signal::Quit => signal::SIGQUIT,
        Signal::Terminate => signal::SIGTERM,
        Signal::User1 => signal::SIGUSR1,
        Signal::User2 => signal::SIGUSR2,
    };
    if let Ok(process) = i32::try_from(process)
        && let Err(error) = signal::kill(Pid::from_raw(process), signal)
    {
        tracing::warn!(%error, process, "a signal cannot be passed on");
    }
}

fn notify(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(%error, "the service manager cannot be told");
    }
}

/// Terminates this process, as SIGTERM would, once its standard input ends.
///
/// A parent that holds the other end of a pipe need not do anything for its children to follow it,
/// however it dies.
pub fn end_with_stdin() {
    thread::spawn(|| {
        let mut stdin = io::stdin().lock();
        let mut ignored = [0; 256];
        while matches!(stdin.read(&mut ignored), Ok(read) if read > 0) {}
        if let Err(error) = signal::kill(Pid::this(), signal::SIGTERM) {
            tracing::error!(%error, "standard input ended, but this process cannot be told");
        }
    });
}

/// A file that holds the process id for as long as this value lives.
#[derive(Debug)]
pub struct PidFile {
    path: PathBuf,
}

impl PidFile {
    /// Writes the id of this process to `path`, replacing the file in one step.
    pub fn write(path: impl Into<PathBuf>) -> io::Result<Self> {
        let path = path.into();
        let mut part = path.clone().into_os_string();
        part.push(".new");
        let part = Path::new(&part);
        let mut file = fs::File::create(part)?;
        writeln!(file, "{}", process::id())?;
        file.sync_all()?;
        fs::rename(part, &path)?;
        Ok(Self { path })
    }

    /// The process id in the file at `path`.
    pub fn read(path: &Path) -> io::Result<i32> {
        let text = fs::read_to_string(path)?;
        text.trim()
            .parse()
            .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "not a process id"))
    }
}

impl Drop for PidFile {
    /// Removes the file, unless another process has taken it over.
    fn drop(&mut self) {
        let ours = Self::read(&self.path).is_ok_and(|id| u32::try_from(id) == Ok(process::id()));
        if ours && let Err(error) = fs::remove_file(&self.path) {
            tracing::warn!(%error, path = %self.path.display(), "the pid file stays behind");
        }
    }
}

#[cfg(test)]
mod tests;
