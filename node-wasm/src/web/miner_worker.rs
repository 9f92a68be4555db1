//! A miner worker: searches its part of the nonces in slices, and looks at its messages between two slices.
//!
//! A new job is taken up after the slice that runs, within tens of milliseconds. Between slices it yields by a
//! message to itself, which browsers do not delay as they delay timers, or rests where the user wants it gentle.

use std::cell::RefCell;
use std::rc::Rc;

use wasm_bindgen::prelude::*;
use web_sys::{DedicatedWorkerGlobalScope, MessageChannel, MessageEvent, MessagePort};

use super::js::{Timer, from_js, on_broken, to_js};
use super::kernel::Searches;
use super::miner_protocol::{FromMiner, Order, ToMiner};
use crate::host::nonces;
use crate::primitives::Target;

/// How often the worker reports what it did, in milliseconds.
const REPORT_MS: f64 = 250.0;
/// The first slice, before anything is measured, in hashes.
const FIRST_SLICE: u32 = 10_000;

/// Runs the worker; returns at once, the rest happens in callbacks.
pub(super) fn run(scope: &DedicatedWorkerGlobalScope) -> Result<(), JsValue> {
    on_broken(scope, |why| FromMiner::Broken { why })?;
    let performance = scope.performance().ok_or("no clock")?;
    let mut searches = Searches::new();
    // What is posted meanwhile waits.
    searches.try_out(|| performance.now());
    let channel = MessageChannel::new()?;
    let searcher = Rc::new(RefCell::new(Searcher {
        scope: scope.clone(),
        performance,
        to_self: channel.port2(),
        search: None,
        scheduled: false,
        rest: None,
        searches,
        slice: FIRST_SLICE,
        hashes: 0,
        reported: 0.0,
    }));

    let worker = searcher.clone();
    let on_slice = Closure::<dyn FnMut(MessageEvent)>::new(move |_| run_slice(&worker));
    channel.port1().set_onmessage(Some(on_slice.as_ref().unchecked_ref()));
    on_slice.forget();

    let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        // The pool is of the same build: nothing else comes.
        if let Ok(message) = from_js(&event.data()) {
            searcher.borrow_mut().take(message);
        }
    });
    scope.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    on_message.forget();
    scope.post_message(&to_js(&FromMiner::Ready))
}

struct Search {
    order: Order,
    target: Target,
    next: u32,
}

struct Searcher {
    scope: DedicatedWorkerGlobalScope,
    performance: web_sys::Performance,
    to_self: MessagePort,
    search: Option<Search>,
    scheduled: bool,
    rest: Option<Timer>,
    searches: Searches,
    slice: u32,
    hashes: u32,
    reported: f64,
}

fn run_slice(searcher: &Rc<RefCell<Searcher>>) {
    let rest_ms = searcher.borrow_mut().slice();
    let Some(rest_ms) = rest_ms else { return };
    if rest_ms < 1.0 {
        searcher.borrow_mut().yield_and_go_on();
        return;
    }
    let worker = searcher.clone();
    let timer = Timer::after(rest_ms, move || worker.borrow_mut().yield_and_go_on());
    searcher.borrow_mut().rest = Some(timer);
}

impl Searcher {
    fn take(&mut self, message: ToMiner) {
        self.report();
        match message {
            ToMiner::Stop => self.search = None,
            ToMiner::Job(order) => {
                self.search = order.target().map(|target| {
                    let next = order.start;
                    Search { order, target, next }
                });
                if !self.scheduled && self.search.is_some() {
                    self.scheduled = true;
                    self.yield_and_go_on();
                }
            }
        }
    }

    /// Searches one slice: how long to rest after it, or `None` when there is nothing left to search.
    fn slice(&mut self) -> Option<f64> {
        self.scheduled = false;
        let search = self.search.as_mut()?;
        let count = self.slice.min(search.order.end - search.next);
        let began = self.performance.now();
        let found = self.searches.scan(&search.order.header, &search.target, search.next, count);
        let ended = self.performance.now();
        let done = found.map_or(count, |nonce| nonce - search.next + 1);
        search.next += done;
        let (intensity, exhausted) = (search.order.intensity, search.next >= search.order.end);
        self.hashes = self.hashes.saturating_add(done);
        if found.is_none() && count == self.slice {
            self.slice = nonces::next_slice(self.slice, ended - began);
        }
        if let Some(nonce) = found {
            let job = search.order.job;
            self.search = None;
            self.report();
            self.post(&FromMiner::Found { job, nonce });
            return None;
        }
        if ended - self.reported >= REPORT_MS || exhausted {
            self.report();
        }
        if exhausted {
            self.search = None;
            return None;
        }
        self.scheduled = true;
        Some(nonces::rest_ms(ended - began, intensity))
    }

    fn yield_and_go_on(&mut self) {
        self.rest = None;
        // A port of one's own channel takes every message.
        let _ = self.to_self.post_message(&JsValue::NULL);
    }

    fn report(&mut self) {
        self.reported = self.performance.now();
        if self.hashes > 0 {
            let hashes = std::mem::take(&mut self.hashes);
            self.post(&FromMiner::Hashes(hashes));
        }
    }

    fn post(&self, message: &FromMiner) {
        // Plain data can always be posted.
        let _ = self.scope.post_message(&to_js(message));
    }
}
