//! The way from the page to its node: ask a [`Command`], get its [`Reply`] later.
//!
//! Components know only this, never how the node runs: `main.rs` puts the real client behind it.

use std::rc::Rc;

use node_wasm::api::{ApiError, Command, Reply, Update};
use node_wasm::units::RoomName;
use yew::prelude::*;

use crate::l10n::Language;

/// What a node answers.
pub type Answer = Result<Reply, ApiError>;

/// A running node, as components see it.
#[derive(Clone)]
pub struct Node(Rc<dyn Fn(Command, Callback<Answer>)>);

/// Starts the node of a room, maybe with a relay of its own, and hears what it tells.
pub type Start = fn(room: RoomName, relay: Option<String>, told: Callback<Update>) -> Node;

impl Node {
    /// A node behind a function that answers each command once.
    pub fn new(ask: impl Fn(Command, Callback<Answer>) + 'static) -> Self {
        Self(Rc::new(ask))
    }

    /// Asks; `answer` is called once, later.
    pub fn ask(&self, command: Command, answer: impl Fn(Answer) + 'static) {
        (self.0)(command, Callback::from(answer));
    }

    /// Asks for something whose effect comes as an update, and whose refusal is in the node log.
    pub fn tell(&self, command: Command) {
        self.ask(command, |_| {});
    }
}

impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

/// The page's node and room, for every component.
#[derive(Clone, PartialEq)]
pub struct Session {
    /// The node.
    pub node: Node,
    /// Its room.
    pub room: RoomName,
    /// The language of the page: who reads the session is drawn again when it changes.
    pub language: Language,
}

/// The session that [`crate::app::App`] provides.
///
/// # Panics
/// Outside of [`crate::app::App`], which is the root.
#[hook]
pub fn use_session() -> Session {
    use_context().expect("the root component provides the session")
}

/// What the page says of a reply that does not belong to its command.
#[must_use]
pub fn unexpected() -> String {
    "The node answered something else. Reload the page: it may be older than the node.".to_owned()
}
