//! gRPC through the edge: messages in both directions at once, and the status behind them.

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use rustls::ServerConfig;

use super::peer::{Asked, Client, Server, run};
use crate::process::{Edge, proxy_to, server};
use crate::upstream_tls::Authority;

/// A server that answers each message at once, and says at the end that all was well.
fn echo(tls: Option<ServerConfig>) -> Server {
    Server::start_over(tls, 100, |asked| async move {
        let Asked {
            mut body,
            mut respond,
            ..
        } = asked;
        let head = Response::builder().header("content-type", "application/grpc");
        let mut stream = respond
            .send_response(head.body(()).unwrap(), false)
            .unwrap();
        while let Some(Ok(message)) = body.data().await {
            body.flow_control().release_capacity(message.len()).unwrap();
            stream.send_data(message, false).unwrap();
        }
        let mut trailers = HeaderMap::new();
        trailers.insert("grpc-status", "0".parse().unwrap());
        trailers.insert("grpc-message", "fine".parse().unwrap());
        stream.send_trailers(trailers).unwrap();
    })
}

fn call() -> Request<()> {
    Request::post("http://test/package.Service/Method")
        .header("content-type", "application/grpc+proto")
        .header("te", "trailers")
        .body(())
        .unwrap()
}

/// An edge that speaks HTTP/2 with its server.
fn edge_before(origin: &Server) -> Edge {
    let config = proxy_to(&[server(origin.address, "")])
        .replace("[upstream.web]\n", "[upstream.web]\nhttp = \"2\"\n");
    Edge::start(&config)
}

#[test]
fn messages_go_both_ways_at_once_and_the_status_comes_last() {
    let origin = echo(None);
    converse(&edge_before(&origin));
}

/// HTTP/2 is agreed on while TLS is (ALPN).
#[test]
fn the_same_over_tls() {
    let authority = Authority::new();
    authority.sign("server", "web.internal");
    let mut config = authority.server("server");
    config.alpn_protocols = vec![b"h2".to_vec()];
    let origin = echo(Some(config));
    let config = proxy_to(&[server(origin.address, "")]).replace(
        "[[site]]",
        &format!(
            "http = \"2\"\ntls = {{ ca = {:?}, server_name = \"web.internal\" }}\n[[site]]",
            authority.path("ca.pem")
        ),
    );
    let edge = Edge::start(&config);
    for _ in 0..2 {
        converse(&edge);
    }
    assert!(origin.connections() <= 2, "one for each worker");
}

fn converse(edge: &Edge) {
    run(async {
        let client = Client::new(edge.http).await;
        let mut sender = client.sender.ready().await.unwrap();
        let (response, mut messages) = sender.send_request(call(), false).unwrap();
        let response = response.await.unwrap();
        assert_eq!(response.status(), 200, "before any message");
        let mut body = response.into_body();
        for number in 0..5u8 {
            let message = Bytes::from(vec![number; 300]);
            messages.send_data(message.clone(), false).unwrap();
            let mut echoed = Vec::new();
            while echoed.len() < message.len() {
                let piece = body.data().await.unwrap().unwrap();
                body.flow_control().release_capacity(piece.len()).unwrap();
                echoed.extend_from_slice(&piece);
            }
            assert_eq!(echoed, message);
        }
        messages.send_data(Bytes::new(), true).unwrap();
        assert!(body.data().await.is_none());
        let trailers = body.trailers().await.unwrap().unwrap();
        assert_eq!(trailers["grpc-status"], "0");
        assert_eq!(trailers["grpc-message"], "fine");
    });
    edge.eventually("the server is free", || {
        edge.metric("edge_upstream_active", &[]) == 0
    });
}

/// A call that fails has its status in a head without body.
#[test]
fn a_status_without_messages_is_passed_on() {
    let origin = Server::start(100, |asked| async move {
        let Asked { mut respond, .. } = asked;
        let head = Response::builder()
            .header("content-type", "application/grpc")
            .header("grpc-status", "12");
        respond.send_response(head.body(()).unwrap(), true).unwrap();
    });
    let edge = edge_before(&origin);
    run(async {
        let client = Client::new(edge.http).await;
        let mut sender = client.sender.ready().await.unwrap();
        let (response, mut messages) = sender.send_request(call(), false).unwrap();
        messages
            .send_data(Bytes::from_static(&[0; 5]), true)
            .unwrap();
        let response = response.await.unwrap();
        assert_eq!(response.headers()["grpc-status"], "12");
        assert!(response.into_body().data().await.is_none());
    });
}
