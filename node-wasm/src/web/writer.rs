//! Write-behind: what the node changes reaches the disk soon, in order and whole.
//!
//! Changes gather while a transaction is under way and go into the next one together: [`Unwritten`] has what.

use std::cell::RefCell;
use std::rc::Rc;

use futures::channel::oneshot;
use wasm_bindgen_futures::spawn_local;

use super::disk::Disk;
use super::events::{Events, HostEvent};
use crate::chain::{Chain, ChainUpdate};
use crate::host::restore::DUE_AFTER;
use crate::host::unwritten::Unwritten;
use crate::mempool::Mempool;
use crate::node::MempoolChange;
use crate::primitives::TransactionId;

/// The writing side of a slot's database.
pub(super) struct Writer {
    disk: Rc<Disk>,
    events: Events,
    state: Rc<RefCell<State>>,
}

#[derive(Default)]
struct State {
    unwritten: Unwritten,
    writing: bool,
    failed: bool,
    idle: Vec<oneshot::Sender<()>>,
}

impl Writer {
    /// Writes to `disk`; a failure is told as an event, after which nothing more is written.
    pub(super) fn new(disk: Rc<Disk>, events: &Events) -> Self {
        Self { disk, events: events.clone(), state: Rc::default() }
    }

    /// The disk holds this chain, and a snapshot of it at this height; 0 is none.
    pub(super) fn resume(&self, chain: &Chain, snapshot: u32) {
        self.state.borrow_mut().unwritten.resume(chain, snapshot);
    }

    /// The best chain changed.
    pub(super) fn chain(&self, update: &ChainUpdate) {
        self.state.borrow_mut().unwritten.follow(update);
    }

    /// Stores what changed, with a snapshot of the chain where one is due. What was told before is of this chain. To be
    /// called after [`HostEvent::Written`] as well: no snapshot is stored while anything is being written.
    pub(super) fn settle(&self, chain: &Chain) {
        let mut state = self.state.borrow_mut();
        // A disk that does not keep up is given no more of them than it writes.
        if !state.writing && !state.failed {
            state.unwritten.settle(chain, DUE_AFTER);
        }
        drop(state);
        self.start();
    }

    /// The mempool changed.
    pub(super) fn mempool(&self, change: &MempoolChange, mempool: &Mempool) {
        self.state.borrow_mut().unwritten.follow_mempool(change, mempool);
        self.start();
    }

    /// The node started with these payments in the store: those that it did not take back are stored no longer.
    pub(super) fn drop_missing(&self, stored: Vec<TransactionId>, mempool: &Mempool) {
        self.state.borrow_mut().unwritten.drop_missing(stored, mempool);
        self.start();
    }

    /// The stored snapshot is not what it should be: [`Self::settle`] stores another, or none.
    pub(super) fn drop_snapshot(&self) {
        self.state.borrow_mut().unwritten.drop_snapshot();
    }

    /// Forgets the chain and the mempool.
    pub(super) fn clear(&self) {
        self.state.borrow_mut().unwritten.clear();
        self.start();
    }

    /// How often stored blocks were replaced: a reader that takes several reads compares it.
    pub(super) fn rewrites(&self) -> u32 {
        self.state.borrow().unwritten.rewrites()
    }

    /// Waits until everything so far is written, or cannot be.
    pub(super) async fn flush(&self) {
        let idle = {
            let mut state = self.state.borrow_mut();
            state.writing.then(|| {
                let (sender, receiver) = oneshot::channel();
                state.idle.push(sender);
                receiver
            })
        };
        if let Some(idle) = idle {
            // The sender is dropped only with the worker.
            let _ = idle.await;
        }
    }

    fn start(&self) {
        let mut state = self.state.borrow_mut();
        if state.writing || state.failed || state.unwritten.is_empty() {
            return;
        }
        state.writing = true;
        spawn_local(run(self.disk.clone(), self.events.clone(), self.state.clone()));
    }
}

async fn run(disk: Rc<Disk>, events: Events, state: Rc<RefCell<State>>) {
    loop {
        let Some(batch) = state.borrow_mut().unwritten.take() else { break };
        if let Err(error) = disk.write(&batch).await {
            state.borrow_mut().failed = true;
            events.post(HostEvent::StoreFailed(error.to_string()));
            break;
        }
    }
    let idle = {
        let mut state = state.borrow_mut();
        state.writing = false;
        std::mem::take(&mut state.idle)
    };
    events.post(HostEvent::Written);
    for waiter in idle {
        // Whoever gave up waiting does not mind.
        let _ = waiter.send(());
    }
}
