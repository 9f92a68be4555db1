//! The link between the page's two programs: the shell, which has the node, and the pages, which are loaded later.
//!
//! The shell offers an object under a symbol that both know; the pages ask their commands through it and hear the
//! node's updates. What crosses is bytes in the codec of everything else, since two programs share no memory. Both
//! must be of one build: a link of another is refused, and the page has to be loaded again.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Function, Object, Reflect, Symbol, Uint8Array};
use node_wasm::api::{ApiError, Reply, Update};
use node_wasm::codec::{decode, encode};
use wasm_bindgen::prelude::*;
use yew::Callback;

use crate::node::{Answer, Node};

/// What the source was when a program was built: `build.rs` makes it of every file that both are made of.
pub const BUILD: &str = env!("BUILD_ID");
/// Under which symbol the object stands.
const SYMBOL: &str = "tabchain.shell";

/// The shell's side: passes on what the node tells.
#[derive(Clone, Default)]
pub struct Listeners(Rc<RefCell<Vec<Function>>>);

impl Listeners {
    /// Tells the pages, if they are there.
    pub fn tell(&self, update: &Update) {
        let listeners = self.0.borrow();
        if listeners.is_empty() {
            return;
        }
        let bytes = to_js(&encode(update));
        // A page that throws breaks itself, and is no reason for the shell to break.
        listeners.iter().for_each(|listener| drop(listener.call1(&JsValue::NULL, &bytes)));
    }
}

/// Offers the shell's node to the pages. `so_far` is what a page has missed that begins to listen.
pub fn offer(node: Node, listeners: Listeners, so_far: impl Fn() -> Vec<Update> + 'static) {
    let ask = Closure::<dyn Fn(Uint8Array, Function)>::new(move |command: Uint8Array, answer: Function| {
        // Both are of one build: what the one writes the other reads.
        if let Ok(command) = decode(&command.to_vec()) {
            node.ask(command, move |result| drop(answer.call1(&JsValue::NULL, &to_js(&encode(&result)))));
        }
    });
    let listen = Closure::<dyn Fn(Function)>::new(move |listener: Function| {
        for update in so_far() {
            drop(listener.call1(&JsValue::NULL, &to_js(&encode(&update))));
        }
        listeners.0.borrow_mut().push(listener);
    });
    let link = Object::new();
    let set = |name: &str, value: JsValue| Reflect::set(&link, &name.into(), &value).unwrap_or_default();
    set("build", BUILD.into());
    set("ask", ask.into_js_value());
    set("listen", listen.into_js_value());
    Reflect::set(&js_sys::global(), &Symbol::for_(SYMBOL), &link).unwrap_or_default();
}

/// The pages' side.
#[derive(Clone)]
pub struct Link {
    ask: Function,
    listen: Function,
}

/// Why there is no link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoLink {
    /// No shell runs here.
    NoShell,
    /// The shell is of another build.
    OtherBuild,
}

impl Link {
    /// The link that the shell offers.
    ///
    /// # Errors
    /// There is no shell, or one of another build.
    pub fn take() -> Result<Self, NoLink> {
        let link = Reflect::get(&js_sys::global(), &Symbol::for_(SYMBOL)).unwrap_or_default();
        let get = |name: &str| Reflect::get(&link, &name.into()).unwrap_or_default();
        if link.is_undefined() {
            return Err(NoLink::NoShell);
        }
        match (get("build").as_string().as_deref(), get("ask").dyn_into(), get("listen").dyn_into()) {
            (Some(BUILD), Ok(ask), Ok(listen)) => Ok(Self { ask, listen }),
            _ => Err(NoLink::OtherBuild),
        }
    }

    /// The shell's node.
    #[must_use]
    pub fn node(&self) -> Node {
        let ask = self.ask.clone();
        Node::new(move |command, answer: Callback<Answer>| {
            let answer = Closure::once_into_js(move |bytes: Uint8Array| {
                answer.emit(decode::<Result<Reply, ApiError>>(&bytes.to_vec()).unwrap_or_else(|error| {
                    Err(ApiError { code: "broken-link".to_owned(), message: error.to_string(), field: None })
                }));
            });
            drop(ask.call2(&JsValue::NULL, &to_js(&encode(&command)), &answer));
        })
    }

    /// Hears everything that the node tells, beginning with what it told so far.
    pub fn listen(&self, told: Callback<Update>) {
        let listener = Closure::<dyn Fn(Uint8Array)>::new(move |bytes: Uint8Array| {
            decode(&bytes.to_vec()).into_iter().for_each(|update| told.emit(update));
        });
        drop(self.listen.call1(&JsValue::NULL, &listener.into_js_value()));
    }
}

fn to_js(bytes: &[u8]) -> JsValue {
    Uint8Array::from(bytes).into()
}
