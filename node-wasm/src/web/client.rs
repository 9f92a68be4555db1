//! The page's side of a node: starts its worker, calls it, hears its updates, starts it again when it breaks.
//!
//! Runs on the page's thread and does nothing there but pass values on. It also tells the worker what browsers tell
//! pages only: visibility, network, freezing.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use futures::channel::oneshot;
use js_sys::Promise;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{ErrorEvent, Event, EventTarget, MessageEvent, Storage, Window, Worker};

use super::js::{Timer, from_js, navigator, now, property, reason_of, to_js};
use super::program::{self, Role};
use super::protocol::{FromNode, Start, ToNode};
use crate::api::{ApiError, Command, Lifecycle, Notice, Reply, Update};
use crate::host::RateLimit;
use crate::units::RoomName;

/// A worker that has not said that it is ready after so long, in milliseconds, is not coming.
const READY_MS_MAX: f64 = 30_000.0;

/// How a node is to start.
#[derive(Clone, Debug)]
pub struct StartOptions {
    /// The room.
    pub room: RoomName,
    /// The relay's `ws://` or `wss://` address; `None` is the page's own origin.
    pub relay: Option<String>,
}

/// A node, as its page sees it. Clones are the same node.
#[derive(Clone)]
pub struct NodeClient(Rc<Inner>);

type Answer = Result<Reply, ApiError>;
type Listener = Rc<dyn Fn(&Update)>;

struct Inner {
    options: StartOptions,
    window: Window,
    worker: RefCell<Option<Running>>,
    /// What was said before the worker was ready.
    early: RefCell<Vec<JsValue>>,
    calls: RefCell<BTreeMap<u32, oneshot::Sender<Answer>>>,
    next_call: Cell<u32>,
    /// No worker runs, and none will.
    ended: Cell<bool>,
    listeners: RefCell<Vec<Listener>>,
    restarts: RefCell<RateLimit>,
    handlers: RefCell<Vec<Handler>>,
}

struct Running {
    worker: Worker,
    ready: bool,
    _patience: Timer,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_error: Closure<dyn FnMut(ErrorEvent)>,
    _on_message_error: Closure<dyn FnMut(MessageEvent)>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.worker.set_onmessage(None);
        self.worker.set_onerror(None);
        self.worker.set_onmessageerror(None);
        self.worker.terminate();
    }
}

impl NodeClient {
    /// Starts a node in a worker. `on_update` hears everything that it tells.
    pub fn start(options: StartOptions, on_update: impl Fn(Update) + 'static) -> Self {
        let window = web_sys::window().expect("a client runs on a page's thread");
        let client = Self(Rc::new(Inner {
            options,
            window,
            worker: RefCell::default(),
            early: RefCell::default(),
            calls: RefCell::default(),
            next_call: Cell::new(0),
            ended: Cell::new(false),
            listeners: RefCell::default(),
            // A node that breaks again and again is not started for ever.
            restarts: RefCell::new(RateLimit::new(3, 60_000)),
            handlers: RefCell::default(),
        }));
        client.subscribe(move |update| on_update(update.clone()));
        client.spawn();
        client.watch_page();
        client
    }

    /// Calls the node.
    ///
    /// # Errors
    /// Why it refused, or that it broke.
    pub async fn call(&self, command: Command) -> Result<Reply, ApiError> {
        if self.0.ended.get() {
            return Err(crashed());
        }
        let id = self.0.next_call.get();
        self.0.next_call.set(id.wrapping_add(1));
        let (sender, receiver) = oneshot::channel();
        self.0.calls.borrow_mut().insert(id, sender);
        self.post(&ToNode::Call { id, command });
        receiver.await.unwrap_or_else(|_| Err(crashed()))
    }

    /// Ends the node: its worker, its links, its slot. Calls that wait are refused.
    pub fn stop(&self) {
        self.0.ended.set(true);
        self.0.handlers.borrow_mut().clear();
        self.0.worker.borrow_mut().take();
        self.0.calls.borrow_mut().clear();
        self.0.early.borrow_mut().clear();
    }

    /// Also hears everything that the node tells.
    pub(super) fn subscribe(&self, listener: impl Fn(&Update) + 'static) {
        self.0.listeners.borrow_mut().push(Rc::new(listener));
    }

    fn spawn(&self) {
        let worker = match program::spawn(Role::Node.name()) {
            Ok(worker) => worker,
            Err(error) => return self.failed(&error),
        };
        let client = self.clone();
        let on_message = Closure::new(move |event: MessageEvent| match from_js(&event.data()) {
            Ok(message) => client.take(message),
            Err(error) => client.failed(&format!("it speaks another language: {error}")),
        });
        let client = self.clone();
        let on_error = Closure::new(move |event: ErrorEvent| {
            client.failed(&reason_of(&event));
        });
        let client = self.clone();
        let on_message_error =
            Closure::new(move |_: MessageEvent| client.failed("a message of it could not be read"));
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        worker.set_onmessageerror(Some(on_message_error.as_ref().unchecked_ref()));
        let client = self.clone();
        let patience = Timer::after(READY_MS_MAX, move || {
            let ready = client.0.worker.borrow().as_ref().is_some_and(|running| running.ready);
            if !ready {
                client.failed("it did not start in time");
            }
        });
        *self.0.worker.borrow_mut() = Some(Running {
            worker,
            ready: false,
            _patience: patience,
            _on_message: on_message,
            _on_error: on_error,
            _on_message_error: on_message_error,
        });
    }

    fn take(&self, message: FromNode) {
        match message {
            FromNode::Ready => self.ready(),
            FromNode::Started { slot } => self.remember_slot(slot),
            FromNode::Answer { id, result } => {
                let call = self.0.calls.borrow_mut().remove(&id);
                // Whoever gave up waiting does not mind.
                let _ = call.map(|call| call.send(result));
            }
            FromNode::Update(update) => self.tell(&update),
            FromNode::Broken { why } => self.failed(&why),
        }
    }

    fn ready(&self) {
        let start = Start {
            room: self.0.options.room.clone(),
            relay: self.0.options.relay.clone(),
            own_relay: self.own_relay(),
            slot: self.remembered_slot(),
        };
        if let Some(running) = self.0.worker.borrow_mut().as_mut() {
            running.ready = true;
        }
        self.post(&ToNode::Start(start));
        for message in self.0.early.take() {
            self.post_js(&message);
        }
        spawn_local(ask_to_persist(self.clone()));
    }

    /// The worker broke: everyone who waits is told, and another is started, within reason.
    fn failed(&self, why: &str) {
        let broken = self.0.worker.borrow_mut().take();
        self.0.calls.borrow_mut().clear();
        let again = self.0.restarts.borrow_mut().allow(now()).is_some();
        let next = if again { "It is being started again." } else { "Reload the page to start it again." };
        self.0.ended.set(!again);
        self.0.early.borrow_mut().clear();
        self.notice("node-crashed", &format!("The node stopped working ({why}). {next}"));
        let client = self.clone();
        spawn_local(async move {
            // This may run in a handler of the broken worker, which must not be dropped under its own feet.
            super::js::sleep(0.0).await;
            drop(broken);
            if again && !client.0.ended.get() {
                client.spawn();
            }
        });
    }

    fn notice(&self, code: &str, message: &str) {
        self.tell(&Update::Notice(Notice { code: code.to_owned(), message: message.to_owned() }));
    }

    fn tell(&self, update: &Update) {
        let listeners = self.0.listeners.borrow().clone();
        for listener in listeners {
            listener(update);
        }
    }

    fn post(&self, message: &ToNode) {
        self.post_js(&to_js(message));
    }

    fn post_js(&self, message: &JsValue) {
        match self.0.worker.borrow().as_ref() {
            // Plain data can always be posted.
            Some(running) if running.ready => drop(running.worker.post_message(message)),
            Some(_) | None => self.0.early.borrow_mut().push(message.clone()),
        }
    }

    /// The relay of the page's own origin, below the page's own path.
    fn own_relay(&self) -> String {
        let base = self.0.window.document().and_then(|document| document.base_uri().ok().flatten());
        let url = base.and_then(|base| web_sys::Url::new_with_base("ws", &base).ok());
        let Some(url) = url else { return String::new() };
        url.set_protocol(if url.protocol() == "https:" { "wss:" } else { "ws:" });
        url.set_search("");
        url.set_hash("");
        url.href()
    }

    fn remembered_slot(&self) -> Option<u32> {
        self.session_storage()?.get_item(&self.slot_key()).ok()??.parse().ok()
    }

    fn remember_slot(&self, slot: u32) {
        if slot > 0
            && let Some(storage) = self.session_storage()
        {
            // Without it a reload may come to another slot, which is no more than a pity.
            let _ = storage.set_item(&self.slot_key(), &slot.to_string());
        }
    }

    fn slot_key(&self) -> String {
        format!("tabchain/{}/slot", self.0.options.room)
    }

    fn session_storage(&self) -> Option<Storage> {
        self.0.window.session_storage().ok()?
    }

    /// Passes on what only pages are told.
    fn watch_page(&self) {
        let window: &EventTarget = self.0.window.as_ref();
        let Some(document) = self.0.window.document() else { return };
        let lifecycle = [
            (window, "online", Lifecycle::Online),
            (window, "offline", Lifecycle::Offline),
            (document.as_ref(), "freeze", Lifecycle::Freeze),
            (document.as_ref(), "resume", Lifecycle::Resume),
        ];
        for (target, name, event) in lifecycle {
            self.listen(target, name, move |client, _| client.lifecycle(event));
        }
        let shown = document.clone();
        self.listen(document.as_ref(), "visibilitychange", move |client, _| {
            client.lifecycle(if shown.hidden() { Lifecycle::Hidden } else { Lifecycle::Visible });
        });
        self.listen(window, "pageshow", |client, event| {
            if property(&event, "persisted").is_truthy() {
                client.lifecycle(Lifecycle::Resume);
            }
        });
        self.listen(window, "pagehide", |client, event| {
            // A page that goes for good gives its slot back at once, for the one that may come after it.
            if !property(&event, "persisted").is_truthy() {
                client.stop();
            }
        });
    }

    fn lifecycle(&self, event: Lifecycle) {
        let client = self.clone();
        spawn_local(async move {
            // Nothing comes of it that anyone waits for.
            let _ = client.call(Command::Lifecycle { event }).await;
        });
    }

    fn listen(&self, target: &EventTarget, name: &'static str, handler: impl Fn(&Self, Event) + 'static) {
        let client = self.clone();
        let closure: Closure<dyn FnMut(Event)> = Closure::new(move |event| handler(&client, event));
        // Adding a listener does not fail.
        let _ = target.add_event_listener_with_callback(name, closure.as_ref().unchecked_ref());
        self.0.handlers.borrow_mut().push(Handler { target: target.clone(), name, closure });
    }
}

/// A listener of the page, removed when dropped.
struct Handler {
    target: EventTarget,
    name: &'static str,
    closure: Closure<dyn FnMut(Event)>,
}

impl Drop for Handler {
    fn drop(&mut self) {
        let callback = self.closure.as_ref().unchecked_ref();
        let _ = self.target.remove_event_listener_with_callback(self.name, callback);
    }
}

/// Asks the browser to keep the store; only pages may.
async fn ask_to_persist(client: NodeClient) {
    let ask = || -> Option<Promise> {
        let storage = property(&navigator(), "storage");
        let persist: js_sys::Function = property(&storage, "persist").dyn_into().ok()?;
        persist.call0(&storage).ok()?.dyn_into().ok()
    };
    if let Some(promise) = ask()
        && let Ok(kept) = JsFuture::from(promise).await
    {
        client.post(&ToNode::Persisted(kept.is_truthy()));
    }
}

fn crashed() -> ApiError {
    ApiError {
        code: "node-crashed".to_owned(),
        message: "the node does not work any more; reload the page to start it again".to_owned(),
        field: None,
    }
}
