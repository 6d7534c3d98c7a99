//! The server: listens on loopback, and serves a bounded number of connections on the calling thread.

use std::cell::Cell;
use std::io::Write;
use std::net::Ipv4Addr;
use std::rc::Rc;
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use axum::body::Body;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tower_service::Service;

use super::guard::{Guard, secured};
use super::open::open;

/// Connections at a time: a browser opens up to six.
const MOST: usize = 32;

/// Longest time for the head of a request, idle time before it included.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);

/// Most headers of a request, and most bytes of its head.
const MOST_HEADERS: usize = 64;
const LONGEST_HEAD: usize = 16 * 1024;

/// Options of every command that serves a page.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
pub(crate) struct Options {
    /// Port of the page on this computer; 0 for one that is free
    #[arg(long, value_name = "PORT", default_value_t = 0, help_heading = "Page")]
    pub port: u16,
    /// Show the page in the browser
    #[arg(long, help_heading = "Page")]
    pub open: bool,
}

/// A server that listens.
#[derive(Debug)]
pub(crate) struct Server {
    listener: std::net::TcpListener,
    guard: Guard,
    opens: bool,
}

impl Server {
    /// Listens on loopback, for a check before the long work: requests wait until [`run`](Self::run).
    ///
    /// # Errors
    /// When the port is taken.
    pub(crate) fn bind(options: &Options) -> anyhow::Result<Self> {
        let port = options.port;
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .with_context(|| format!("cannot listen on port {port} of this computer; give another one by --port"))?;
        let port = listener.local_addr().context("the port is unknown")?.port();
        Ok(Self { listener, guard: Guard::new(port)?, opens: options.open })
    }

    /// Prints the address to standard output, opens it if that is asked for, and serves `router` until the program is ended.
    ///
    /// # Errors
    /// When the address cannot be printed, or there is no runtime.
    pub(crate) fn run(self, router: Router) -> anyhow::Result<()> {
        let Self { listener, guard, opens } = self;
        let address = guard.address();
        let mut out = std::io::stdout();
        writeln!(out, "{address}").and_then(|()| out.flush()).context("the address of the page cannot be printed")?;
        tracing::info!("open the address above in a browser of this computer; Ctrl-C ends the program");
        if opens && let Err(why) = open(&address) {
            tracing::warn!("{why:#}");
        }
        listener.set_nonblocking(true).context("the page cannot be served")?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build();
        let runtime = runtime.context("the page cannot be served")?;
        tokio::task::LocalSet::new().block_on(&runtime, async {
            let listener = TcpListener::from_std(listener).context("the page cannot be served")?;
            accept(&listener, &router, &guard).await;
            Ok::<(), anyhow::Error>(())
        })
    }
}

async fn accept(listener: &TcpListener, router: &Router, guard: &Guard) {
    let open = Rc::new(Cell::new(0_usize));
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // The browser has disconnected already, or no descriptor is left.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        if open.get() >= MOST {
            continue;
        }
        open.set(open.get() + 1);
        let (router, guard, open) = (router.clone(), guard.clone(), Rc::clone(&open));
        tokio::task::spawn_local(async move {
            connection(stream, router, guard).await;
            open.set(open.get() - 1);
        });
    }
}

/// Serves one connection to its end.
async fn connection(stream: TcpStream, router: Router, guard: Guard) {
    let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        let (mut router, admitted) = (router.clone(), guard.admit(request.map(Body::new)));
        async move {
            let answer = match admitted {
                Ok(request) => router.call(request).await?,
                Err(refused) => *refused,
            };
            Ok::<_, std::convert::Infallible>(secured(answer))
        }
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
    builder.max_headers(MOST_HEADERS).max_buf_size(LONGEST_HEAD);
    // A browser that breaks the protocol or has gone is no error of this program.
    let _ = builder.serve_connection(TokioIo::new(stream), service).await;
}
