//! A server that says what a test has it say, whether that is HTTP's idea of an answer or not.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// What a client asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Such as `GET`.
    pub method: String,
    /// With its query.
    pub path: String,
    /// Its credentials.
    pub authorization: Option<String>,
}

/// What it gets.
#[derive(Debug, Clone)]
pub struct Given {
    /// The status and the headers, without the body's length.
    head: String,
    body: Body,
}

#[derive(Debug, Clone)]
enum Body {
    Whole(Vec<u8>),
    /// Less or more than the length that is named.
    Lying(usize, Vec<u8>),
    Endless,
    /// A byte at a time, so far apart.
    Drip(Vec<u8>, Duration),
    Silence,
}

impl Given {
    /// A good answer.
    pub fn ok(body: impl Into<Vec<u8>>) -> Self {
        Self { head: "HTTP/1.1 200 OK".into(), body: Body::Whole(body.into()) }
    }

    /// An answer with this status and, each with its line break before it, these headers.
    pub fn status(status: &str, headers: &str) -> Self {
        Self { head: format!("HTTP/1.1 {status}{headers}"), body: Body::Whole(Vec::new()) }
    }

    /// The same with a body.
    pub fn with_body(self, body: impl Into<Vec<u8>>) -> Self {
        Self { body: Body::Whole(body.into()), ..self }
    }

    /// A body that is said to have this length.
    pub fn lying(length: usize, body: impl Into<Vec<u8>>) -> Self {
        Self { body: Body::Lying(length, body.into()), ..Self::ok("") }
    }

    /// A body without end.
    pub fn endless() -> Self {
        Self { body: Body::Endless, ..Self::ok("") }
    }

    /// A body that comes a byte at a time.
    pub fn drip(body: impl Into<Vec<u8>>, pause: Duration) -> Self {
        Self { body: Body::Drip(body.into(), pause), ..Self::ok("") }
    }

    /// No answer at all.
    pub fn silence() -> Self {
        Self { body: Body::Silence, ..Self::ok("") }
    }

    fn send(self, client: &mut TcpStream) -> io::Result<()> {
        let Self { head, body } = self;
        match body {
            Body::Whole(body) => {
                write!(client, "{head}\r\ncontent-length: {}\r\n\r\n", body.len())?;
                client.write_all(&body)
            }
            Body::Lying(length, body) => {
                write!(client, "{head}\r\ncontent-length: {length}\r\n\r\n")?;
                client.write_all(&body)?;
                Err(io::ErrorKind::ConnectionAborted.into())
            }
            Body::Endless => {
                write!(client, "{head}\r\ntransfer-encoding: chunked\r\n\r\n")?;
                let chunk = [&b"10000\r\n"[..], &[b'x'; 0x1_0000], b"\r\n"].concat();
                loop {
                    client.write_all(&chunk)?;
                }
            }
            Body::Drip(body, pause) => {
                write!(client, "{head}\r\ncontent-length: {}\r\n\r\n", body.len())?;
                for byte in body {
                    client.write_all(&[byte])?;
                    thread::sleep(pause);
                }
                Ok(())
            }
            Body::Silence => {
                thread::sleep(Duration::from_secs(60));
                Ok(())
            }
        }
    }
}

/// The server; it answers until the tests end.
pub struct Server {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    /// One that answers so; `nth` counts, from 0, how often the same path was asked for before.
    pub fn start(answer: impl Fn(&Asked, usize) -> Given + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (noted, answer) = (Arc::clone(&asked), Arc::new(answer));
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (noted, answer) = (Arc::clone(&noted), Arc::clone(&answer));
                // A client that goes away has heard enough.
                thread::spawn(move || drop(serve(client, &noted, &*answer)));
            }
        });
        Self { address, asked }
    }

    /// `HOST:PORT`.
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// What it was asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn serve(
    mut client: TcpStream,
    noted: &Mutex<Vec<Asked>>,
    answer: &dyn Fn(&Asked, usize) -> Given,
) -> io::Result<()> {
    let mut reader = BufReader::new(client.try_clone()?);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let mut words = line.split(' ').map(str::to_owned);
        let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let mut asked = Asked { method, path, authorization: None };
        let mut length = 0;
        loop {
            let mut header = String::new();
            reader.read_line(&mut header)?;
            let Some((name, value)) = header.split_once(':') else { break };
            if name.eq_ignore_ascii_case("authorization") {
                asked.authorization = Some(value.trim().to_owned());
            }
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().unwrap_or_default();
            }
        }
        // What it is sent is for nobody here.
        io::copy(&mut reader.by_ref().take(length), &mut io::sink())?;
        let nth = {
            let mut noted = noted.lock().unwrap_or_else(PoisonError::into_inner);
            noted.push(asked.clone());
            noted.iter().filter(|other| other.path == asked.path).count() - 1
        };
        answer(&asked, nth).send(&mut client)?;
    }
}
