//! A TCP server of few connections that tell what is so now: a thread for each, a limit on their number, and an end.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::Snapshot;
use crate::outbox::{Inbox, Received};
use crate::outputs::warn;

/// Time between two attempts to listen on an address that is not to be had.
const RETRY: Duration = Duration::from_secs(1);

/// How long one wait lasts before it is asked whether to end.
pub const GLANCE_MS: u16 = 50;

/// Stack of a connection's thread.
const STACK: usize = 128 * 1024;

/// Takes reports until there will be no more, and meanwhile listens on `address`: `each` connection, of at most `most` at a
/// time, is told how to learn what is so now, and ends soon after it is told to stop.
pub fn run(
    name: &str,
    inbox: &Inbox,
    address: SocketAddr,
    most: usize,
    each: impl Fn(TcpStream, &dyn Fn() -> Snapshot, &AtomicBool) + Sync,
) {
    let (snapshot, stop) = (Mutex::new(Snapshot::default()), AtomicBool::new(false));
    let now = || snapshot.lock().unwrap_or_else(PoisonError::into_inner);
    std::thread::scope(|scope| {
        let listening = || serve(name, address, most, &stop, |stream| each(stream, &|| now().clone(), &stop));
        let thread = std::thread::Builder::new().name(name.into()).stack_size(STACK);
        if let Err(error) = thread.spawn_scoped(scope, listening) {
            warn(format!("{name}: no thread for it: {error}; it stays off"));
        }
        loop {
            match inbox.next(Duration::from_secs(3600)) {
                Received::Item(item) => now().take(&item),
                Received::Nothing => {}
                Received::End => break,
            }
        }
        stop.store(true, Relaxed);
    });
}

/// Listens on `address` until `stop`; `each` has a connection to itself and ends soon after `stop` too. Connections beyond
/// `most` are closed at once.
fn serve(name: &str, address: SocketAddr, most: usize, stop: &AtomicBool, each: impl Fn(TcpStream) + Sync) {
    let Some(listener) = listen(name, address, stop) else { return };
    let open = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        while !stop.load(Relaxed) {
            let mut polled = [PollFd::new(listener.as_fd(), PollFlags::POLLIN)];
            if poll(&mut polled, PollTimeout::from(GLANCE_MS)).unwrap_or(0) == 0 {
                continue;
            }
            // One that has gone meanwhile, or no descriptor left: the next is another matter.
            let Ok((stream, _)) = listener.accept() else {
                std::thread::sleep(Duration::from_millis(GLANCE_MS.into()));
                continue;
            };
            if open.load(Relaxed) >= most {
                continue;
            }
            open.fetch_add(1, Relaxed);
            let (each, open_now) = (&each, &open);
            let body = move || {
                each(stream);
                open_now.fetch_sub(1, Relaxed);
            };
            let thread = std::thread::Builder::new().name(name.into()).stack_size(STACK);
            if thread.spawn_scoped(scope, body).is_err() {
                open.fetch_sub(1, Relaxed);
            }
        }
    });
}

/// A listener, as soon as the address can be had; `None` when told to stop before.
fn listen(name: &str, address: SocketAddr, stop: &AtomicBool) -> Option<TcpListener> {
    let mut warned = false;
    while !stop.load(Relaxed) {
        match TcpListener::bind(address).and_then(|listener| listener.set_nonblocking(true).map(|()| listener)) {
            Ok(listener) => return Some(listener),
            Err(error) if !std::mem::replace(&mut warned, true) => warn(format!(
                "{name}: cannot listen on {address}: {error}; trying again every second. Is the port taken, or below 1024?"
            )),
            Err(_) => {}
        }
        let mut waited = Duration::ZERO;
        while waited < RETRY && !stop.load(Relaxed) {
            std::thread::sleep(Duration::from_millis(GLANCE_MS.into()));
            waited += Duration::from_millis(GLANCE_MS.into());
        }
    }
    None
}
