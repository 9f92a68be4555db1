//! A worker that answers: each question once, under its id. For what is heavy or secret, and asks nothing back.
//!
//! It is another instance of the asking program and starts with the first question. A worker that breaks is said to
//! everyone who waits for it; the next question starts another.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use borsh::{BorshDeserialize, BorshSerialize};
use futures::channel::oneshot;
use wasm_bindgen::prelude::*;
use web_sys::{DedicatedWorkerGlobalScope, ErrorEvent, MessageEvent, Worker};

use super::js::{Timer, from_js, on_broken, reason_of, to_js};
use super::program;

/// A worker that has not said that it is ready after so long, in milliseconds, is not coming.
const READY_MS_MAX: f64 = 30_000.0;

/// From the page to the worker.
#[derive(BorshSerialize, BorshDeserialize)]
struct Question<Q> {
    id: u32,
    question: Q,
}

/// From the worker to the page.
#[derive(BorshSerialize, BorshDeserialize)]
enum FromWorker<A> {
    /// The worker listens. Anything that was posted before is lost: its module awaits at top level.
    Ready,
    /// The answer to a question.
    Answer { id: u32, answer: A },
    /// The worker broke and does nothing any more.
    Broken { why: String },
}

/// The page's side. Clones ask the same worker.
pub struct Answerer<A>(Rc<Inner<A>>);

struct Inner<A> {
    name: &'static str,
    worker: RefCell<Option<Running>>,
    waiting: RefCell<BTreeMap<u32, oneshot::Sender<Result<A, String>>>>,
    next_id: Cell<u32>,
}

struct Running {
    worker: Worker,
    /// What was asked before the worker was ready; `None` afterwards.
    early: Option<Vec<JsValue>>,
    _patience: Timer,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_error: Closure<dyn FnMut(ErrorEvent)>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.worker.set_onmessage(None);
        self.worker.set_onerror(None);
        self.worker.terminate();
    }
}

impl<A> Clone for Answerer<A> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<A: BorshDeserialize + 'static> Answerer<A> {
    /// A worker of this program under `name`, not started yet.
    #[must_use]
    pub fn new(name: &'static str) -> Self {
        Self(Rc::new(Inner {
            name,
            worker: RefCell::default(),
            waiting: RefCell::default(),
            next_id: Cell::default(),
        }))
    }

    /// Asks.
    ///
    /// # Errors
    /// Why the worker does not start, or that it broke.
    pub async fn ask(&self, question: impl BorshSerialize) -> Result<A, String> {
        let id = self.0.next_id.get();
        self.0.next_id.set(id.wrapping_add(1));
        if self.0.worker.borrow().is_none() {
            self.start()?;
        }
        let (sender, receiver) = oneshot::channel();
        self.0.waiting.borrow_mut().insert(id, sender);
        if let Some(running) = self.0.worker.borrow_mut().as_mut() {
            let message = to_js(&Question { id, question });
            match &mut running.early {
                Some(early) => early.push(message),
                // Plain data can always be posted.
                None => drop(running.worker.post_message(&message)),
            }
        }
        receiver.await.unwrap_or_else(|_| Err("the worker has ended".to_owned()))
    }

    fn start(&self) -> Result<(), String> {
        let worker = program::spawn(self.0.name)?;
        let this = self.clone();
        let on_message = Closure::new(move |event: MessageEvent| match from_js(&event.data()) {
            Ok(FromWorker::Ready) => this.ready(),
            Ok(FromWorker::Answer { id, answer }) => {
                let waiting = this.0.waiting.borrow_mut().remove(&id);
                // Whoever gave up waiting does not mind.
                let _ = waiting.map(|waiting| waiting.send(Ok(answer)));
            }
            Ok(FromWorker::Broken { why }) | Err(why) => this.failed(&why),
        });
        let this = self.clone();
        let on_error = Closure::new(move |event: ErrorEvent| {
            this.failed(&reason_of(&event));
        });
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        let this = self.clone();
        let patience = Timer::after(READY_MS_MAX, move || {
            let late = this.0.worker.borrow().as_ref().is_some_and(|running| running.early.is_some());
            if late {
                this.failed("it did not start in time");
            }
        });
        *self.0.worker.borrow_mut() = Some(Running {
            worker,
            early: Some(Vec::new()),
            _patience: patience,
            _on_message: on_message,
            _on_error: on_error,
        });
        Ok(())
    }

    fn ready(&self) {
        if let Some(running) = self.0.worker.borrow_mut().as_mut() {
            for message in running.early.take().unwrap_or_default() {
                // Plain data can always be posted.
                drop(running.worker.post_message(&message));
            }
        }
    }

    fn failed(&self, why: &str) {
        let broken = self.0.worker.borrow_mut().take();
        for (_, waiting) in std::mem::take(&mut *self.0.waiting.borrow_mut()) {
            // Whoever gave up waiting does not mind.
            let _ = waiting.send(Err(why.to_owned()));
        }
        // This may run in a closure of it, which ends after this.
        wasm_bindgen_futures::spawn_local(async move { drop(broken) });
    }
}

/// The worker's side: answers every question by `answer`, one after the other.
///
/// # Errors
/// When this is not a worker.
pub fn serve<Q, A>(answer: impl Fn(Q) -> A + 'static) -> Result<(), JsValue>
where
    Q: BorshDeserialize + 'static,
    A: BorshSerialize + 'static,
{
    let scope: DedicatedWorkerGlobalScope = js_sys::global().dyn_into()?;
    on_broken(&scope, |why| FromWorker::<A>::Broken { why })?;
    let post = {
        let scope = scope.clone();
        // Plain data can always be posted.
        move |message: &FromWorker<A>| drop(scope.post_message(&to_js(message)))
    };
    let handler = {
        let post = post.clone();
        Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| match from_js(&event.data()) {
            Ok(Question { id, question }) => post(&FromWorker::Answer { id, answer: answer(question) }),
            Err(why) => post(&FromWorker::Broken { why }),
        })
    };
    scope.set_onmessage(Some(handler.as_ref().unchecked_ref()));
    handler.forget();
    post(&FromWorker::Ready);
    Ok(())
}
