//! A registry of a company: its certificate is from an authority of its own, and the way there leads through a proxy.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use super::orders;
use super::signatures::openssl;
use crate::support::{Project, Registry};

/// The registry's name, which only the proxy knows.
const NAME: &str = "registry.example.com";

/// An authority, `ca.pem`, and a certificate of it for [`NAME`], `server.pem` with `server.key`.
fn authority(project: &Project) {
    let pair = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30";
    openssl(project, &format!("{pair} -subj /CN=company -keyout ca.key -out ca.pem"));
    openssl(
        project,
        &format!(
            "{pair} -subj /CN={NAME} -addext subjectAltName=DNS:{NAME} -addext basicConstraints=critical,CA:FALSE -CA ca.pem -CAkey ca.key -keyout server.key -out server.pem"
        ),
    );
}

/// A proxy that leads every name to one address, and notes the names. It serves until the tests end.
fn proxy(to: &str) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let names = Arc::new(Mutex::new(Vec::new()));
    let (noted, to) = (Arc::clone(&names), to.to_owned());
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let (noted, to) = (Arc::clone(&noted), to.clone());
            thread::spawn(move || drop(tunnel(client, &to, &noted)));
        }
    });
    (address, names)
}

fn tunnel(mut client: TcpStream, to: &str, noted: &Mutex<Vec<String>>) -> io::Result<()> {
    let mut reader = BufReader::new(client.try_clone()?);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    noted.lock().unwrap().push(line.trim().to_owned());
    while line.trim() != "" {
        line.clear();
        reader.read_line(&mut line)?;
    }
    let mut server = TcpStream::connect(to)?;
    client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
    let (mut back, mut from) = (client.try_clone()?, server.try_clone()?);
    thread::spawn(move || drop(io::copy(&mut from, &mut back)));
    io::copy(&mut reader, &mut server).map(drop)
}

#[test]
fn private_authorities_and_proxies_are_used() {
    let project = orders();
    authority(&project);
    let file = |name: &str| project.root().join(name);
    let Some(registry) = Registry::tls(&file("server.pem"), &file("server.key")) else { return };
    let (proxy, names) = proxy(&registry.host);
    let run = |words: &str| {
        project
            .phalanx(words)
            .own_cache()
            .env("HTTPS_PROXY", &proxy)
            .env("SSL_CERT_FILE", file("ca.pem"))
    };
    project.write("plugin.wasm", phalanx::registry::builtin::get("dashboard").unwrap());
    let publish = format!("plugin publish plugin.wasm oci://{NAME}/team/tagger --version 1.0.0");
    run(&publish).succeeds();
    run(&format!("plugin add oci://{NAME}/team/tagger --name tags --yes")).succeeds();
    run("plugin verify").succeeds();
    let names = names.lock().unwrap().clone();
    assert!(names.iter().all(|line| line.starts_with(&format!("CONNECT {NAME}:443"))), "{names:?}");

    // An authority that nobody has named is not believed.
    let stranger = run("plugin update").env("SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt");
    insta::assert_snapshot!(stranger.exits(1).error(), @"
    error: registry `registry.example.com` cannot be reached: error sending request for url (https://registry.example.com/v2/): client error (Connect): invalid peer certificate: UnknownIssuer

    hint: check the registry's name and the network (`HTTPS_PROXY`, `SSL_CERT_FILE`, `PHALANX_NETWORK_TIMEOUT`); what is in the store needs no registry
    ");
    let without = run("plugin update").env("HTTPS_PROXY", "http://127.0.0.1:1").exits(1);
    assert!(without.error().contains("cannot be reached"), "{}", without.scene());
}
