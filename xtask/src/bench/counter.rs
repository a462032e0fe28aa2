//! Stands before a server of the AWS APIs, hands on every call, and notes it.

use std::io::{self, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use http::Message;

#[path = "../../../tests/support/http.rs"]
#[expect(dead_code, unreachable_pub, reason = "the tests' own, which use more of it")]
mod http;

/// One call as it came.
#[derive(Debug, Clone)]
pub(super) struct Call {
    /// The operation in the query protocol, which is CloudFormation's; the HTTP method elsewhere.
    pub(super) operation: String,
    /// The path with its query.
    pub(super) target: String,
    pub(super) at: Instant,
}

/// Counts the calls to a server. It serves until this program ends.
pub(super) struct Counter {
    pub(super) address: SocketAddr,
    calls: Arc<Mutex<Vec<Call>>>,
}

impl Counter {
    /// Listens on a port of its own.
    pub(super) fn before(server: SocketAddr) -> Result<Self, String> {
        let listener = TcpListener::bind("127.0.0.1:0").map_err(|error| error.to_string())?;
        let address = listener.local_addr().map_err(|error| error.to_string())?;
        let calls: Arc<Mutex<Vec<Call>>> = Arc::default();
        let shared = Arc::clone(&calls);
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let calls = Arc::clone(&shared);
                // What goes wrong here fails in the client, which says so.
                std::thread::spawn(move || drop(serve(server, client, &calls)));
            }
        });
        Ok(Self { address, calls })
    }

    /// The calls since this was asked last.
    pub(super) fn take(&self) -> Vec<Call> {
        std::mem::take(&mut *self.calls.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A client's connection to its end. The server closes idle ones, so each call has a new one to it.
fn serve(server: SocketAddr, client: TcpStream, calls: &Mutex<Vec<Call>>) -> io::Result<()> {
    client.set_nodelay(true)?;
    let (mut reader, mut client) = (BufReader::new(client.try_clone()?), client);
    while let Some(request) = Message::request(&mut reader, &mut client)? {
        calls.lock().unwrap_or_else(PoisonError::into_inner).push(Call {
            operation: operation(&request),
            target: request.target().to_owned(),
            at: Instant::now(),
        });
        let mut server = BufReader::new(TcpStream::connect(server)?);
        server.get_mut().write_all(&request.bytes())?;
        let reply = Message::reply(&mut server, request.method())?;
        client.write_all(&reply.ok_or(io::ErrorKind::UnexpectedEof)?.bytes())?;
    }
    Ok(())
}

fn operation(request: &Message) -> String {
    let form = String::from_utf8_lossy(request.body());
    let action = form.split('&').find_map(|pair| pair.strip_prefix("Action="));
    action.unwrap_or(request.method()).to_owned()
}
