//! A server of the AWS APIs for one test: it answers from a script or hands on to ministack, and
//! records what it was asked. What no emulator gives, and every fault on the way, is played here.

mod answer;
mod operation;

use std::collections::BTreeMap;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

pub use answer::{Answer, Reply};
pub use operation::Call;

use super::command::Phalanx;
use super::http::Message;
use super::ministack::Account;
use super::project::Project;

/// The account of a server that has no ministack behind it.
const ACCOUNT: &str = "123456789012";

/// Answers the AWS calls of one test.
pub struct Scripted {
    address: SocketAddr,
    state: Arc<State>,
}

struct State {
    account: String,
    /// Where calls that are not scripted go.
    upstream: Option<SocketAddr>,
    scripts: Mutex<BTreeMap<String, Script>>,
    calls: Mutex<Vec<Call>>,
    /// True when a call is stalled, or was.
    stalled: AtomicBool,
    ended: AtomicBool,
}

/// The answers to one operation, in order; the last one stays.
struct Script {
    answers: Vec<Answer>,
    asked: usize,
}

impl Scripted {
    /// A server with nothing behind it: what is not scripted is refused as `NotScripted`, except the
    /// question whose credentials they are.
    pub fn new() -> Self {
        Self::start(ACCOUNT, None)
    }

    /// A server that hands on to ministack what is not scripted.
    pub fn before(account: &Account) -> Self {
        Self::start(&account.id, Some(account.address()))
    }

    fn start(account: &str, upstream: Option<SocketAddr>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State {
            account: account.to_owned(),
            upstream,
            scripts: Mutex::default(),
            calls: Mutex::default(),
            stalled: AtomicBool::new(false),
            ended: AtomicBool::new(false),
        });
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if shared.ended.load(Ordering::Relaxed) {
                    return;
                }
                let state = Arc::clone(&shared);
                // A client that goes away in the middle is what some tests are about.
                std::thread::spawn(move || drop(serve(&state, stream)));
            }
        });
        Self { address, state }
    }

    /// Answers an operation with these, one after the other; the last one repeats. Replaces what was
    /// scripted for it before.
    pub fn script(&self, operation: &str, answers: impl IntoIterator<Item = Answer>) {
        let answers: Vec<_> = answers.into_iter().collect();
        assert!(!answers.is_empty(), "an empty script for {operation}");
        lock(&self.state.scripts).insert(operation.to_owned(), Script { answers, asked: 0 });
    }

    /// Answers the `nth` call (from 1) of an operation with this, and hands on all others.
    pub fn fault(&self, operation: &str, nth: usize, answer: Answer) {
        let mut answers: Vec<_> = (1..nth).map(|_| Answer::Forward).collect();
        answers.extend([answer, Answer::Forward]);
        self.script(operation, answers);
    }

    /// Hands on everything from now on.
    pub fn forward_all(&self) {
        lock(&self.state.scripts).clear();
        self.state.stalled.store(false, Ordering::Relaxed);
    }

    /// True when a call is stalled.
    pub fn is_stalled(&self) -> bool {
        self.state.stalled.load(Ordering::Relaxed)
    }

    /// Its address, for `AWS_ENDPOINT_URL`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The binary, led to this server.
    pub fn phalanx(&self, project: &Project, words: &str) -> Phalanx {
        self.lead(project.phalanx(words))
    }

    /// Leads a run to this server.
    pub fn lead(&self, run: Phalanx) -> Phalanx {
        run.env("AWS_ENDPOINT_URL", self.url())
            .env("AWS_ACCESS_KEY_ID", &self.state.account)
            .env("AWS_SECRET_ACCESS_KEY", "secret")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .linted(&self.state.account)
    }

    /// All calls since the start, or since they were forgotten.
    pub fn calls(&self) -> Vec<Call> {
        lock(&self.state.calls).clone()
    }

    /// Forgets the calls so far.
    pub fn forget_calls(&self) {
        lock(&self.state.calls).clear();
    }

    /// The names of the operations that were asked for, in order.
    pub fn operations(&self) -> Vec<String> {
        lock(&self.state.calls).iter().map(|call| call.operation.clone()).collect()
    }

    /// How often each operation was asked for.
    pub fn counts(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for operation in self.operations() {
            *counts.entry(operation).or_default() += 1;
        }
        counts
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.state.ended.store(true, Ordering::Relaxed);
        // Wakes the listener, which then ends.
        drop(TcpStream::connect(self.address));
    }
}

impl State {
    /// Records a call and says how it is answered.
    fn answer(&self, call: &Call) -> Answer {
        lock(&self.calls).push(call.clone());
        let mut scripts = lock(&self.scripts);
        if let Some(script) = scripts.get_mut(&call.operation) {
            let answer = script.answers[script.asked.min(script.answers.len() - 1)].clone();
            script.asked += 1;
            return answer;
        }
        match self.upstream {
            Some(_) => Answer::Forward,
            None if call.operation == "GetCallerIdentity" => Answer::identity(&self.account),
            None => Answer::error(400, "NotScripted", &call.operation),
        }
    }
}

/// A connection to its end. The one to ministack lives as long.
fn serve(state: &State, stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let (mut reader, mut writer) = (BufReader::new(stream.try_clone()?), stream);
    let mut upstream = None;
    while let Some(request) = Message::request(&mut reader, &mut writer)? {
        let call = Call::of(&request);
        match state.answer(&call) {
            Answer::Reply(reply) => writer.write_all(&reply.bytes(&call))?,
            Answer::Cut => return Ok(()),
            Answer::Forward => {
                let reply = state.forward(&mut upstream, &request)?;
                writer.write_all(&reply.bytes())?;
            }
            Answer::Lose => {
                state.forward(&mut upstream, &request)?;
                return Ok(());
            }
            Answer::Stall { done } => {
                if done {
                    state.forward(&mut upstream, &request)?;
                }
                state.stalled.store(true, Ordering::Relaxed);
                // The next byte never comes: only the end of the connection does.
                reader.fill_buf()?;
                return Ok(());
            }
            Answer::Slow(pause) => {
                let reply = state.forward(&mut upstream, &request)?;
                std::thread::sleep(pause);
                writer.write_all(&reply.bytes())?;
            }
            Answer::Edit(edit) => {
                let reply = state.forward(&mut upstream, &request)?;
                writer.write_all(&reply.with_text(&*edit).bytes())?;
            }
        }
    }
    Ok(())
}

impl State {
    /// Asks ministack.
    fn forward(
        &self,
        upstream: &mut Option<BufReader<TcpStream>>,
        request: &Message,
    ) -> io::Result<Message> {
        let address = self.upstream.expect("a server with ministack behind it");
        for _ in 0..2 {
            let connection = match upstream {
                Some(connection) => connection,
                None => upstream.insert(BufReader::new(TcpStream::connect(address)?)),
            };
            // A connection that was idle may be closed; then nothing was read or done.
            if connection.get_mut().write_all(&request.bytes()).is_ok()
                && let Some(reply) = Message::reply(connection, request.method())?
            {
                if reply.closes() {
                    *upstream = None;
                }
                return Ok(reply);
            }
            *upstream = None;
        }
        Err(io::Error::other("ministack closes the connection"))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
