use std::future::pending;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};

use tokio::task::{JoinHandle, spawn_blocking};

use super::*;

async fn start() -> (SocketAddr, JoinHandle<()>) {
    let server = AdminServer::bind(SocketAddr::from(([127, 0, 0, 1], 0)))
        .await
        .unwrap();
    let address = server.local_addr().unwrap();
    let handler = async |request: Request<Bytes>| match request.uri().path() {
        "/echo" => text(StatusCode::OK, request.into_body()),
        "/panic" => panic!("a bug in a handler"),
        _ => not_found(),
    };
    let handler = move |request| Box::pin(handler(request));
    (
        address,
        tokio::spawn(server.serve(Metrics::new().unwrap(), handler, pending())),
    )
}

async fn say(address: SocketAddr, text: impl AsRef<[u8]> + Send + 'static) -> String {
    let conversation = move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(text.as_ref()).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let mut answer = String::new();
        // A connection that is reset has no more to say.
        drop(stream.read_to_string(&mut answer));
        answer
    };
    spawn_blocking(conversation).await.unwrap()
}

#[tokio::test]
async fn answers_metrics_and_what_the_handler_says() {
    let (address, _server) = start().await;
    let metrics = say(address, "GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert!(metrics.starts_with("HTTP/1.1 200 OK\r\n"), "{metrics}");
    assert!(
        metrics.contains("process_resident_memory_bytes"),
        "{metrics}"
    );
    let echo = say(
        address,
        "POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\nhi",
    )
    .await;
    assert!(echo.ends_with("\r\n\r\nhi"), "{echo}");
    let nothing = say(address, "GET /nothing HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert!(nothing.starts_with("HTTP/1.1 404 "), "{nothing}");
    assert!(nothing.contains("{\"error\":\"there is nothing at this path\",\"success\":false}"));
    let refused = say(address, "PUT /metrics HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert!(refused.starts_with("HTTP/1.1 405 ") && refused.contains("allow: GET, HEAD"));
}

#[tokio::test]
async fn a_bad_client_or_handler_costs_its_own_connection_only() {
    let (address, _server) = start().await;
    let long = format!(
        "POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 70000\r\n\r\n{}",
        "x".repeat(70000)
    );
    assert!(say(address, long).await.starts_with("HTTP/1.1 413 "));
    assert!(
        say(address, "nonsense\r\n\r\n")
            .await
            .starts_with("HTTP/1.1 400 ")
    );
    assert_eq!(
        say(address, "GET /panic HTTP/1.1\r\nhost: x\r\n\r\n").await,
        ""
    );
    assert!(
        say(address, "GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n")
            .await
            .contains(" 200 OK")
    );
}

#[tokio::test]
async fn dropping_the_server_frees_its_port() {
    let (address, server) = start().await;
    server.abort();
    assert!(server.await.unwrap_err().is_cancelled());
    AdminServer::bind(address).await.unwrap();
}

/// Whoever has asked something before the end gets an answer.
#[tokio::test]
async fn a_stop_waits_for_answers_and_accepts_nobody() {
    let server = AdminServer::bind(SocketAddr::from(([127, 0, 0, 1], 0)));
    let server = server.await.unwrap();
    let address = server.local_addr().unwrap();
    let go_on = Arc::new(Semaphore::new(0));
    let (waiting, stop) = (Arc::clone(&go_on), Arc::new(Semaphore::new(0)));
    let handler = move |_| {
        let waiting = Arc::clone(&waiting);
        async move {
            waiting.acquire().await.unwrap().forget();
            text(StatusCode::OK, "late")
        }
    };
    let stopped = Arc::clone(&stop);
    let stopped = async move { stopped.acquire().await.unwrap().forget() };
    let served = tokio::spawn(server.serve(Metrics::new().unwrap(), handler, stopped));
    let asked = tokio::spawn(say(address, "GET / HTTP/1.1\r\nhost: x\r\n\r\n"));
    // The request is at its handler as soon as nobody else could get in before it.
    while stop.available_permits() == 0 {
        sleep(Duration::from_millis(20)).await;
        stop.add_permits(1);
    }
    let refused = async {
        while TcpStream::connect(address).is_ok() {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(Duration::from_secs(10), refused).await.unwrap();
    go_on.add_permits(1);
    assert!(asked.await.unwrap().ends_with("late"));
    timeout(Duration::from_secs(10), served)
        .await
        .unwrap()
        .unwrap();
}
