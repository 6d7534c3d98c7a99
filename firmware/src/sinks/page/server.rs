//! The thread that serves the page: accepts a bounded number of connections, each with limits of size and time.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread::JoinHandle;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tower_service::Service;

use super::access::{Peer, may_begin};
use super::routes::router;
use super::shared::Shared;
use super::timed_stream::TimedStream;
use super::tls::Tls;
use crate::system::messages::warn;

/// Connections at a time. A browser opens up to six for a moment, and keeps one.
const MOST: usize = 128;

/// Longest time for the head of a request, idle time before it included.
const HEAD_TIMEOUT: Duration = Duration::from_secs(3);

/// Most headers of a request, and most bytes of its head.
const MOST_HEADERS: usize = 64;
const LONGEST_HEAD: usize = 16 * 1024;

/// Time between two attempts to listen on an address that is not available.
const RETRY: Duration = Duration::from_secs(1);

/// Stack of the thread; of threads that hash a password or read files.
const STACK: usize = 512 * 1024;
const BLOCKING_STACK: usize = 256 * 1024;

/// Threads that hash passwords and read files.
const BLOCKING_THREADS: usize = 2;

/// The running thread.
pub(super) struct Server {
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts to listen on `address`, with `tls` for HTTPS alone.
    ///
    /// # Errors
    /// When there is no thread or no descriptor.
    pub(super) fn start(address: SocketAddr, tls: Option<Arc<Tls>>, shared: Arc<Shared>) -> Result<Self, String> {
        let no_thread = |error| format!("no thread for it: {error}");
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .max_blocking_threads(BLOCKING_THREADS)
            .thread_stack_size(BLOCKING_STACK)
            .thread_name("page-files")
            .build()
            .map_err(no_thread)?;
        let (stop, stopped) = watch::channel(false);
        let serve = move || {
            runtime.block_on(serve(address, tls, shared, stopped));
            // A password that is being hashed is not waited for.
            runtime.shutdown_background();
        };
        let thread = std::thread::Builder::new().name("page-http".into()).stack_size(STACK).spawn(serve);
        Ok(Self { stop, thread: Some(thread.map_err(no_thread)?) })
    }

    /// Closes all connections and ends the thread.
    pub(super) fn stop(&mut self) {
        self.stop.send_replace(true);
        // One that panicked has ended as well.
        self.thread.take().into_iter().for_each(|thread| drop(thread.join()));
    }
}

/// Serves until `stopped`.
async fn serve(address: SocketAddr, tls: Option<Arc<Tls>>, shared: Arc<Shared>, mut stopped: watch::Receiver<bool>) {
    let listener = tokio::select! {
        listener = listen(address) => listener,
        _ = stopped.wait_for(|stopped| *stopped) => return,
    };
    let router = router(Arc::clone(&shared));
    let open = Arc::new(AtomicUsize::new(0));
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopped.wait_for(|stopped| *stopped) => return,
        };
        let Ok((stream, peer)) = accepted else {
            // The client has disconnected already, or no descriptor is left.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        if open.load(Relaxed) >= MOST || tls.is_some() && !may_begin(&shared, peer.ip()) {
            shared.counters.refused_connections.fetch_add(1, Relaxed);
            continue;
        }
        open.fetch_add(1, Relaxed);
        let (tls, router, open) = (tls.clone(), router.clone(), Arc::clone(&open));
        tokio::spawn(async move {
            connection(stream, peer, tls, router).await;
            open.fetch_sub(1, Relaxed);
        });
    }
}

/// Listens as soon as the address is available.
async fn listen(address: SocketAddr) -> TcpListener {
    let mut warned = false;
    loop {
        match TcpListener::bind(address).await {
            Ok(listener) => return listener,
            Err(error) if !std::mem::replace(&mut warned, true) => warn(format!(
                "page: cannot listen on {address}: {error}; trying again every second. Is the port taken, or below 1024?"
            )),
            Err(_) => {}
        }
        tokio::time::sleep(RETRY).await;
    }
}

/// Serves one connection to its end, the handshake included.
async fn connection(stream: TcpStream, peer: SocketAddr, tls: Option<Arc<Tls>>, router: Router) {
    // Live messages are small, and are not to wait for more.
    let _ = stream.set_nodelay(true);
    let Some(tls) = tls else { return requests(TimedStream::new(stream), peer, router).await };
    if let Some(stream) = tls.accept(stream).await {
        requests(stream, peer, router).await;
    }
}

/// Answers the requests of a connection.
async fn requests(stream: impl AsyncRead + AsyncWrite + Unpin, peer: SocketAddr, router: Router) {
    let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        let mut request: Request = request.map(axum::body::Body::new);
        request.extensions_mut().insert(Peer(peer.ip()));
        router.clone().call(request)
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
    builder.max_headers(MOST_HEADERS).max_buf_size(LONGEST_HEAD);
    // A client that breaks the protocol or has gone is no error of this program.
    let _ = builder.serve_connection(TokioIo::new(stream), service).await;
}
