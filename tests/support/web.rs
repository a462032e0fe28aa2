//! A web server on loopback that gives one document, whatever it is asked for.

use std::io::{BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

use super::http::Message;

/// The server; it answers until the tests end.
pub struct Web {
    address: SocketAddr,
    document: Arc<Mutex<Vec<u8>>>,
}

impl Web {
    /// One that gives this document.
    pub fn start(document: impl Into<Vec<u8>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let document = Arc::new(Mutex::new(document.into()));
        let given = Arc::clone(&document);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let document = given.lock().unwrap_or_else(PoisonError::into_inner).clone();
                // A client that goes away early has what it wanted.
                let _ = answer(client, &document);
            }
        });
        Self { address, document }
    }

    /// Gives this one from now on.
    pub fn set(&self, document: impl Into<Vec<u8>>) {
        *self.document.lock().unwrap_or_else(PoisonError::into_inner) = document.into();
    }

    /// The address of the document.
    pub fn url(&self) -> String {
        format!("http://{}/policy.toml", self.address)
    }
}

fn answer(mut client: TcpStream, document: &[u8]) -> std::io::Result<()> {
    let mut reader = BufReader::new(client.try_clone()?);
    while Message::request(&mut reader, &mut client)?.is_some() {
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", document.len());
        client.write_all(&[head.as_bytes(), document].concat())?;
    }
    Ok(())
}
