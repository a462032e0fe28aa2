//! HTTP/1.1 messages as they are on the wire, so that what is handed on is what came.

use std::io::{self, BufRead, Read as _, Write};

/// A request or a reply.
pub struct Message {
    /// The first line.
    start: String,
    headers: Vec<(String, String)>,
    /// The body as it came, with the framing of its chunks.
    wire: Vec<u8>,
    /// The body without that framing.
    body: Vec<u8>,
}

impl Message {
    /// The next request; none when the client closes the connection. A client that asks whether it may
    /// send the body is told to.
    pub fn request(reader: &mut impl BufRead, client: &mut impl Write) -> io::Result<Option<Self>> {
        let Some(mut message) = Self::head(reader)? else { return Ok(None) };
        if message.header("expect").is_some() {
            client.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
            message.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("expect"));
        }
        message.read_body(reader, false)?;
        Ok(Some(message))
    }

    /// The reply to a request of this method; none when the server closes the connection instead.
    pub fn reply(reader: &mut impl BufRead, method: &str) -> io::Result<Option<Self>> {
        let Some(mut message) = Self::head(reader)? else { return Ok(None) };
        let status = message.start.split(' ').nth(1).unwrap_or_default();
        if method != "HEAD" && !["204", "304"].contains(&status) {
            message.read_body(reader, true)?;
        }
        Ok(Some(message))
    }

    fn head(reader: &mut impl BufRead) -> io::Result<Option<Self>> {
        let Some(start) = line(reader)? else { return Ok(None) };
        let mut headers = Vec::new();
        loop {
            let header = line(reader)?.ok_or(io::ErrorKind::UnexpectedEof)?;
            if header.is_empty() {
                return Ok(Some(Self { start, headers, wire: Vec::new(), body: Vec::new() }));
            }
            let (name, value) = header.split_once(':').ok_or(io::ErrorKind::InvalidData)?;
            headers.push((name.to_owned(), value.trim().to_owned()));
        }
    }

    /// `to_end` says what a body without a length means.
    fn read_body(&mut self, reader: &mut impl BufRead, to_end: bool) -> io::Result<()> {
        if self.header("transfer-encoding").is_some_and(|coding| coding.contains("chunked")) {
            return self.read_chunks(reader);
        }
        match self.header("content-length").map(str::parse::<usize>) {
            Some(Ok(length)) => {
                self.wire = vec![0; length];
                reader.read_exact(&mut self.wire)?;
            }
            Some(Err(_)) => return Err(io::ErrorKind::InvalidData.into()),
            None if to_end => drop(reader.read_to_end(&mut self.wire)?),
            None => {}
        }
        self.body.clone_from(&self.wire);
        Ok(())
    }

    fn read_chunks(&mut self, reader: &mut impl BufRead) -> io::Result<()> {
        loop {
            let size = line(reader)?.ok_or(io::ErrorKind::UnexpectedEof)?;
            let digits = size.split(';').next().unwrap_or_default();
            let length =
                usize::from_str_radix(digits.trim(), 16).map_err(|_| io::ErrorKind::InvalidData)?;
            write!(self.wire, "{size}\r\n")?;
            if length == 0 {
                // Trailers, and the empty line.
                while let Some(trailer) = line(reader)? {
                    write!(self.wire, "{trailer}\r\n")?;
                    if trailer.is_empty() {
                        break;
                    }
                }
                return Ok(());
            }
            let start = self.body.len();
            self.body.resize(start + length, 0);
            reader.read_exact(&mut self.body[start..])?;
            self.wire.extend_from_slice(&self.body[start..]);
            line(reader)?;
            self.wire.extend_from_slice(b"\r\n");
        }
    }

    /// A header's value; names have no case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut all = self.headers.iter();
        all.find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The method of a request.
    pub fn method(&self) -> &str {
        self.start.split(' ').next().unwrap_or_default()
    }

    /// The status of a reply.
    pub fn status(&self) -> u16 {
        self.start.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default()
    }

    /// The path of a request, with its query.
    pub fn target(&self) -> &str {
        self.start.split(' ').nth(1).unwrap_or_default()
    }

    /// The body.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// True when the connection ends with this message.
    pub fn closes(&self) -> bool {
        self.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"))
    }

    /// The message with another text as its body.
    pub fn with_text(mut self, edit: &dyn Fn(String) -> String) -> Self {
        let body = edit(String::from_utf8_lossy(&self.body).into_owned()).into_bytes();
        for framing in ["content-length", "transfer-encoding"] {
            self.headers.retain(|(name, _)| !name.eq_ignore_ascii_case(framing));
        }
        self.headers.push(("Content-Length".to_owned(), body.len().to_string()));
        self.wire.clone_from(&body);
        self.body = body;
        self
    }

    /// As it goes over the wire.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = format!("{}\r\n", self.start).into_bytes();
        for (name, value) in &self.headers {
            bytes.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(&self.wire);
        bytes
    }
}

/// A line without its end; none at the end of the stream.
fn line(reader: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut line = String::new();
    if reader.take(64 * 1024).read_line(&mut line)? == 0 {
        return Ok(None);
    }
    line.truncate(line.trim_end_matches(['\r', '\n']).len());
    Ok(Some(line))
}
