//! How the backend stops.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use hifate_backend::app::Part;
use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};

use crate::app::{BIRTH, TestApp};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_idle_connection_does_not_hold_it_up() {
    let app = TestApp::start().await;
    let address = app.address(Part::Web);
    // The client of the test app keeps its connection open after this.
    app.calculate(BIRTH).await;
    let began = Instant::now();
    app.stop().await;
    assert!(
        began.elapsed() < Duration::from_millis(500),
        "{:?}",
        began.elapsed()
    );
    assert!(TcpStream::connect(address).is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_in_flight_is_finished() {
    let app = TestApp::start().await;
    let address = app.address(Part::Web);
    let (first, rest) = BIRTH.split_at(20);
    let head = format!(
        "POST /api/v1/bazi/calculate HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{first}",
        BIRTH.len()
    );
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    sleep(Duration::from_millis(100)).await;
    let stopping = tokio::spawn(app.stop());
    sleep(Duration::from_millis(200)).await;
    stream.write_all(rest.as_bytes()).unwrap();
    let answer = spawn_blocking(move || {
        let mut answer = String::new();
        stream.read_to_string(&mut answer).map(|_| answer)
    });
    let answer = answer.await.unwrap().unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains("connection: close\r\n"), "{answer}");
    timeout(Duration::from_secs(1), stopping)
        .await
        .unwrap()
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_never_ends_is_cut_off() {
    let app = TestApp::start_with(&Part::all(), |config| {
        config.web_grace = Duration::from_millis(200);
    })
    .await;
    let mut stream = TcpStream::connect(app.address(Part::Web)).unwrap();
    let head = "POST /api/v1/bazi/calculate HTTP/1.1\r\nhost: x\r\n\
                content-type: application/json\r\ncontent-length: 10\r\n\r\n{";
    stream.write_all(head.as_bytes()).unwrap();
    sleep(Duration::from_millis(100)).await;
    timeout(Duration::from_secs(1), app.stop()).await.unwrap();
}
