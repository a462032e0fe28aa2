//! The WebAssembly engine of a run: its settings, and the ticker that lets calls be stopped.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::Duration;

use wasmtime::{Config, Engine, EngineWeak};

/// How often a running guest can be stopped or lets other tasks run.
pub(super) const TICK: Duration = Duration::from_millis(10);

/// Stack of the fibre beside the guest's own: host functions run on it, TLS of `wasi:http` included.
const HOST_STACK: usize = 2 << 20;

/// Whether the instructions of guests are counted. Code that counts is other code: it is compiled and kept
/// apart, and never runs in a deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metering {
    /// They are not.
    Off,
    /// They are, in wasmtime's fuel.
    Fuel,
}

/// An engine whose guests may use `stack` bytes of WebAssembly stack.
///
/// `stack` does not change the compiled code, so the cache and the compiling child need not know it.
pub(super) fn engine(stack: usize, metering: Metering) -> wasmtime::Result<Engine> {
    let mut config = Config::new();
    config
        .consume_fuel(metering == Metering::Fuel)
        // Time limits. Half the cost of fuel (9-14 % against 20-22 %).
        .epoch_interruption(true)
        // The default of 512 KiB is too small for language runtimes.
        .max_wasm_stack(stack)
        // Guests run on a fibre, which needs room for the guest's stack and the host's.
        .async_stack_size(stack + HOST_STACK)
        // Function names in the backtraces of traps.
        .generate_address_map(true)
        // Adapters between the parts of a composed component, such as every QuickJS guest, need
        // several memories.
        .wasm_multi_memory(true)
        // Tier 2 features that no guest toolchain of ours needs; only tier 1 gets security fixes.
        .wasm_memory64(false)
        .wasm_relaxed_simd(false)
        .wasm_tail_call(false);
    Engine::new(&config)
}

/// Advances the engine's epoch every [`TICK`], but only while a call runs. A late tick is not made up
/// for: a burst of ticks would stop calls before their time.
#[derive(Debug)]
pub(super) struct Ticker {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// Calls under way.
    running: usize,
    /// The thread has been started.
    started: bool,
    /// The ticker was dropped.
    stopped: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ticker {
    /// A ticker at rest.
    pub(super) fn new() -> Self {
        let shared = Shared { state: Mutex::default(), changed: Condvar::new() };
        Self { shared: Arc::new(shared) }
    }

    /// Lets `engine` tick until the guard is dropped.
    pub(super) fn run(&self, engine: &Engine) -> std::io::Result<Ticking> {
        let mut state = self.shared.lock();
        if !state.started {
            let (shared, engine) = (Arc::clone(&self.shared), engine.weak());
            thread::Builder::new()
                .name("plugin-ticker".to_owned())
                .spawn(move || tick(&shared, &engine))?;
            state.started = true;
        }
        state.running += 1;
        if state.running == 1 {
            self.shared.changed.notify_one();
        }
        Ok(Ticking(Arc::downgrade(&self.shared)))
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.shared.lock().stopped = true;
        self.shared.changed.notify_one();
    }
}

/// Keeps the engine ticking.
#[derive(Debug)]
pub(super) struct Ticking(Weak<Shared>);

impl Drop for Ticking {
    fn drop(&mut self) {
        if let Some(shared) = self.0.upgrade() {
            shared.lock().running -= 1;
        }
    }
}

fn tick(shared: &Shared, engine: &EngineWeak) {
    let mut state = shared.lock();
    while !state.stopped {
        let wait = shared.changed.wait_timeout(state, TICK);
        (state, _) = wait.unwrap_or_else(PoisonError::into_inner);
        while state.running == 0 && !state.stopped {
            state = shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        match engine.upgrade() {
            Some(engine) => engine.increment_epoch(),
            None => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_thread_ends_with_the_ticker() {
        let engine = engine(1 << 20, Metering::Off).unwrap();
        let ticker = Ticker::new();
        let shared = Arc::downgrade(&ticker.shared);
        drop(ticker.run(&engine).unwrap());
        let guard = ticker.run(&engine).unwrap();
        assert_eq!(shared.upgrade().unwrap().lock().running, 1);
        drop(guard);
        drop(ticker);
        let (never, wait) = (Condvar::new(), Mutex::new(()));
        let gone = (0..500).any(|_| {
            drop(never.wait_timeout(wait.lock().unwrap(), TICK).unwrap());
            shared.upgrade().is_none()
        });
        assert!(gone, "the ticker's thread still holds its state");
    }
}
