use super::*;

#[test]
fn a_pid_file_lives_as_long_as_its_owner() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("edge.pid");
    let held = PidFile::write(&path).unwrap();
    assert_eq!(
        PidFile::read(&path).unwrap(),
        i32::try_from(process::id()).unwrap()
    );
    drop(held);
    assert!(!path.exists());
}

#[test]
fn a_pid_file_taken_over_by_another_process_stays() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("edge.pid");
    let held = PidFile::write(&path).unwrap();
    fs::write(&path, "1\n").unwrap();
    drop(held);
    assert_eq!(PidFile::read(&path).unwrap(), 1);
    fs::write(&path, "one\n").unwrap();
    assert!(PidFile::read(&path).is_err());
}

#[tokio::test]
async fn signals_arrive_by_name_and_only_some_stop() {
    let mut signals = Signals::listen().unwrap();
    signal::raise(signal::SIGUSR1).unwrap();
    assert_eq!(signals.next().await, Signal::User1);
    signal::raise(signal::SIGHUP).unwrap();
    signal::raise(signal::SIGTERM).unwrap();
    assert_eq!(signals.stop().await, Signal::Terminate);
}
