//! Candidate B: our own exchange on `pingora-core`'s HTTP/1 sessions, without `HttpProxy`.

use std::sync::Arc;

use async_trait::async_trait;
use pingora::apps::ServerApp;
use pingora::connectors::ConnectorOptions;
use pingora::connectors::http::v1::Connector;
use pingora::http::RequestHeader;
use pingora::protocols::Stream;
use pingora::protocols::http::v1::server::HttpSession;
use pingora::server::{Server, ShutdownWatch, configuration::ServerConf};
use pingora::services::listening::Service;
use pingora::upstreams::peer::{HttpPeer, Peer};
use pingora::{Error, Result};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

struct Proxy {
    connector: Connector,
    peer: HttpPeer,
}

impl Proxy {
    /// Serves one request; whether the connection can take another.
    async fn exchange(&self, client: &mut HttpSession) -> Result<bool> {
        if client.read_request().await?.is_none() {
            return Ok(false);
        }
        client.respect_keepalive();
        let address = client.client_addr().and_then(|address| address.as_inet());
        let address = address
            .ok_or_else(|| Error::new_str("no address"))?
            .ip()
            .to_string();
        let mut request = client.req_header().clone();
        add_headers(&mut request, address)?;

        let (mut server, _reused) = self.connector.get_http_session(&self.peer).await?;
        server.write_request_header(Box::new(request)).await?;
        while let Some(bytes) = client.read_body_bytes().await? {
            server.write_body(&bytes).await?;
        }
        server.finish_body().await?;

        let response = server.read_resp_header_parts().await?;
        client.write_response_header(response).await?;
        while let Some(bytes) = server.read_body_ref().await? {
            client.write_body(bytes).await?;
        }
        client.finish_body().await?;
        let idle_timeout = self.peer.idle_timeout();
        self.connector
            .release_http_session(server, &self.peer, idle_timeout)
            .await;
        Ok(true)
    }
}

fn add_headers(request: &mut RequestHeader, client: String) -> Result<()> {
    request.remove_header("connection");
    let before = request.headers.get("x-forwarded-for");
    let value = spike::forwarded_for(before.map(|value| value.as_bytes()), &client);
    request.insert_header("x-forwarded-for", value)?;
    request.insert_header("x-forwarded-proto", "http")?;
    request.insert_header("x-real-ip", client)
}

#[async_trait]
impl ServerApp for Proxy {
    async fn process_new(
        self: &Arc<Self>,
        mut stream: Stream,
        _: &ShutdownWatch,
    ) -> Option<Stream> {
        loop {
            let mut client = HttpSession::new(stream);
            client.set_server_keepalive(Some(75));
            if !self.exchange(&mut client).await.unwrap_or(false) {
                return None;
            }
            stream = client.reuse().await.ok()??.into_parts().0;
        }
    }
}

fn main() {
    let (listen, origin) = spike::addresses();
    let conf = ServerConf {
        threads: 1,
        work_stealing: false,
        ..ServerConf::default()
    };
    let mut server = Server::new_with_opt_and_conf(None, conf);
    server.bootstrap();
    let proxy = Proxy {
        connector: Connector::new(Some(ConnectorOptions::new(spike::KEEPALIVE))),
        peer: HttpPeer::new(origin, false, String::new()),
    };
    let mut service = Service::new("proxy".to_owned(), proxy);
    service.add_tcp(&listen.to_string());
    server.add_service(service);
    server.run_forever();
}
