//! The pool of miner workers: spawns them, shares the work out, measures the rate, replaces a broken one.

use wasm_bindgen::prelude::*;
use web_sys::{ErrorEvent, MessageEvent, Worker};

use super::events::{Events, HostEvent};
use super::js::{from_js, navigator, now, property, reason_of, to_js};
use super::miner_protocol::{FromMiner, Order, ToMiner};
use super::program::{self, Role};
use crate::api::MiningView;
use crate::host::HashMeter;
use crate::miner::Job;
use crate::units::Timestamp;

/// How long no worker is started after one broke, in milliseconds.
const RESTART_MS: u64 = 2_000;
/// The most workers, whatever a browser claims about its machine.
const WORKERS_MAX: u32 = 64;

/// One worker.
struct Miner {
    /// Names it in events; never used twice.
    id: u32,
    worker: Worker,
    ready: bool,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_error: Closure<dyn FnMut(ErrorEvent)>,
}

impl Drop for Miner {
    fn drop(&mut self) {
        self.worker.set_onmessage(None);
        self.worker.set_onerror(None);
        self.worker.terminate();
    }
}

/// The pool.
pub(super) struct Miners {
    events: Events,
    workers: u32,
    intensity: u32,
    miners: Vec<Miner>,
    next_id: u32,
    job: Option<Job>,
    meter: HashMeter,
    /// No worker is started before, after one broke.
    spawn_after: Timestamp,
    blocks_won: u32,
}

impl Miners {
    /// A pool without workers; they come with the first job.
    pub(super) fn new(events: &Events) -> Self {
        Self {
            events: events.clone(),
            workers: 1,
            intensity: 50,
            miners: Vec::new(),
            next_id: 0,
            job: None,
            meter: HashMeter::default(),
            spawn_after: Timestamp(0),
            blocks_won: 0,
        }
    }

    /// How many workers the machine has cores for.
    pub(super) fn workers_max() -> u32 {
        let cores = property(&navigator(), "hardwareConcurrency").as_f64().unwrap_or(1.0);
        (cores as u32).clamp(1, WORKERS_MAX)
    }

    /// Sets how many workers run, and how much of their time.
    pub(super) fn tune(&mut self, workers: u32, intensity: u32) {
        let (workers, intensity) = (workers.clamp(1, WORKERS_MAX), intensity.clamp(1, 100));
        if (workers, intensity) == (self.workers, self.intensity) {
            return;
        }
        (self.workers, self.intensity) = (workers, intensity);
        if self.job.is_some() {
            self.meter.start(now());
            self.deal();
        }
    }

    /// Works on `job` from now on, or rests.
    pub(super) fn set_job(&mut self, job: Option<Job>) {
        match (&self.job, &job) {
            (None, Some(_)) => self.meter.start(now()),
            (Some(_), None) => self.meter.stop(),
            (None, None) | (Some(_), Some(_)) => {}
        }
        self.job = job;
        self.deal();
    }

    /// A worker said something: the nonce it found, when it did.
    pub(super) fn take(&mut self, now: Timestamp, worker: u32, message: FromMiner) -> Option<(u64, u32)> {
        let index = self.miners.iter().position(|miner| miner.id == worker)?;
        match message {
            FromMiner::Ready => {
                if let Some(miner) = self.miners.get_mut(index) {
                    miner.ready = true;
                }
                self.deal_to(index);
                None
            }
            FromMiner::Broken { .. } => None,
            FromMiner::Hashes(hashes) => {
                self.meter.add(now, u64::from(hashes));
                None
            }
            FromMiner::Found { job, nonce } => Some((job, nonce)),
        }
    }

    /// A worker broke: another takes its place with one of the next jobs, which come every second.
    pub(super) fn remove(&mut self, now: Timestamp, worker: u32) {
        self.miners.retain(|miner| miner.id != worker);
        self.spawn_after = now.plus_ms(RESTART_MS);
    }

    /// Starts the workers before there is work: when it comes, the server of their file may be gone.
    pub(super) fn warm_up(&mut self) {
        while self.miners.len() < self.workers as usize && now() >= self.spawn_after {
            match self.spawn() {
                Ok(miner) => self.miners.push(miner),
                Err(reason) => {
                    self.spawn_after = now().plus_ms(RESTART_MS);
                    self.events.post(HostEvent::MinerFailed { worker: self.next_id, reason });
                }
            }
        }
    }

    /// A block of this node was added to the chain.
    pub(super) const fn won(&mut self) {
        self.blocks_won += 1;
    }

    /// The pool as a page shows it; `on` and `waiting` are the host's to know.
    pub(super) fn view(&mut self, on: bool, waiting: bool) -> MiningView {
        MiningView {
            on,
            workers: self.workers,
            workers_max: Self::workers_max(),
            intensity: self.intensity,
            hash_rate: self.meter.rate(now()),
            blocks_won: self.blocks_won,
            waiting,
        }
    }

    /// Gives every worker its part of the job.
    fn deal(&mut self) {
        if self.job.is_some() {
            self.miners.truncate(self.workers as usize);
            self.warm_up();
        }
        for index in 0..self.miners.len() {
            self.deal_to(index);
        }
    }

    fn deal_to(&self, index: usize) {
        let Some(miner) = self.miners.get(index).filter(|miner| miner.ready) else { return };
        let message = match &self.job {
            Some(job) => ToMiner::Job(Order::new(job, index as u32, self.workers, self.intensity)),
            None => ToMiner::Stop,
        };
        // Plain data can always be posted.
        let _ = miner.worker.post_message(&to_js(&message));
    }

    fn spawn(&mut self) -> Result<Miner, String> {
        // First, so that a failure names no living worker.
        self.next_id = self.next_id.wrapping_add(1);
        let id = self.next_id;
        let worker = program::spawn(Role::Miner.name())?;
        let sender = self.events.clone();
        let on_message = Closure::new(move |event: MessageEvent| {
            sender.post(match from_js(&event.data()) {
                Ok(FromMiner::Broken { why }) => HostEvent::MinerFailed { worker: id, reason: why },
                Ok(message) => HostEvent::Miner { worker: id, message },
                Err(reason) => HostEvent::MinerFailed { worker: id, reason },
            });
        });
        let sender = self.events.clone();
        let on_error = Closure::new(move |event: ErrorEvent| {
            // An error that is handled here is no error of the node's worker, and of the page above it.
            event.prevent_default();
            sender.post(HostEvent::MinerFailed { worker: id, reason: reason_of(&event) });
        });
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        Ok(Miner { id, worker, ready: false, _on_message: on_message, _on_error: on_error })
    }
}
