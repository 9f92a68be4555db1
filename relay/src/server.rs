//! The routes, and running them until told to stop.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{State, WebSocketUpgrade};
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::Response;
use axum::routing::get;
use axum::serve::ListenerExt;
use axum::{Json, Router, middleware};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Notify;

use crate::assets::{self, Assets};
use crate::hub::{Census, Hub};
use crate::limits::CLOSE_MS_MAX;
use crate::rooms::Input;
use crate::socket;

/// When a stop is no longer waited for: closes have had their time, and a download that goes on is cut.
const STOP_MAX: Duration = Duration::from_millis(CLOSE_MS_MAX + 1_000);

/// What a browser must be told of any answer.
const HEADERS: [(HeaderName, HeaderValue); 2] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
];

/// What to serve.
#[derive(Clone, Debug)]
pub struct Options {
    /// The directory of the built page.
    pub assets: PathBuf,
}

/// What the routes share.
#[derive(Clone, Debug)]
pub struct Relay {
    /// The rooms.
    pub hub: Arc<Hub>,
    /// The page.
    pub assets: Arc<Assets>,
}

/// Every route.
pub fn app(relay: Relay) -> Router {
    Router::new()
        .route("/ws", get(ws))
        .route("/healthz", get(healthz))
        .fallback(page)
        .layer(middleware::map_response(harden))
        .with_state(relay)
}

/// Serves until `shutdown`, then sends everyone away and returns within a few seconds.
///
/// # Errors
/// When the listener fails.
pub async fn run(
    listener: TcpListener,
    options: Options,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let assets = tokio::task::spawn_blocking(|| Assets::open(options.assets)).await?;
    let hub = Arc::new(Hub::default());
    let app = app(Relay { hub: Arc::clone(&hub), assets: Arc::new(assets) });
    // Blocks are small and late ones are lost work: no waiting for a full packet.
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY");
        }
    });
    let stopping = Arc::new(Notify::new());
    let stop = {
        let (hub, stopping) = (Arc::clone(&hub), Arc::clone(&stopping));
        async move {
            shutdown.await;
            hub.handle(Input::Shutdown);
            stopping.notify_one();
        }
    };
    let served = async {
        axum::serve(listener, app).with_graceful_shutdown(stop).await?;
        hub.all_gone().await;
        Ok(())
    };
    tokio::select! {
        result = served => result,
        () = async { stopping.notified().await; tokio::time::sleep(STOP_MAX).await } => Ok(()),
        () = hub.keep_time() => Ok(()),
        () = hub.report() => Ok(()),
    }
}

async fn ws(State(relay): State<Relay>, request: WebSocketUpgrade) -> Response {
    socket::upgrade(request, relay.hub)
}

async fn healthz(State(relay): State<Relay>) -> Json<Value> {
    let Census { rooms, sockets } = relay.hub.census();
    Json(json!({ "status": "ok", "version": env!("CARGO_PKG_VERSION"), "rooms": rooms, "sockets": sockets }))
}

async fn page(State(relay): State<Relay>, request: axum::extract::Request) -> Response {
    assets::answer(relay.assets, request).await
}

async fn harden(mut response: Response) -> Response {
    response.headers_mut().extend(HEADERS);
    response
}
