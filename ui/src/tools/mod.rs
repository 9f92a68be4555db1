//! What the pages ask of a worker of their own, because it is heavy, secret, or takes blocks apart with the code of
//! consensus, none of which belongs on the page's thread.
//!
//! Every tool is a pure function, from [`Ask`] to [`Told`], and is tested natively; components know only [`Tools`].
//! `main` of the pages puts the worker behind it.

pub mod qr;

use std::rc::Rc;

use borsh::{BorshDeserialize, BorshSerialize};
use yew::prelude::*;

pub use qr::Matrix;

/// The worker's name.
pub const TOOLS: &str = "tabchain tools";

/// A question.
#[derive(Clone, Debug, PartialEq, BorshSerialize, BorshDeserialize)]
pub enum Ask {
    /// A text as a QR code.
    Qr {
        /// The text.
        text: String,
    },
}

/// The answer to an [`Ask`].
#[derive(Clone, Debug, PartialEq, BorshSerialize, BorshDeserialize)]
pub enum Told {
    /// To [`Ask::Qr`].
    Qr(Result<Matrix, String>),
}

/// Answers a question. Runs in the worker.
#[must_use]
pub fn answer(ask: Ask) -> Told {
    match ask {
        Ask::Qr { text } => Told::Qr(qr::encode(&text)),
    }
}

/// How an answer is taken: `Err` is that the worker broke.
pub type Answer = Callback<Result<Told, String>>;

/// The way to the worker.
#[derive(Clone)]
pub struct Tools(Rc<dyn Fn(Ask, Answer)>);

impl Tools {
    /// Tools behind a function that answers each question once.
    pub fn new(ask: impl Fn(Ask, Answer) + 'static) -> Self {
        Self(Rc::new(ask))
    }

    /// Asks; `answer` is called once, later.
    pub fn ask(&self, ask: Ask, answer: impl Fn(Result<Told, String>) + 'static) {
        (self.0)(ask, Callback::from(answer));
    }
}

impl PartialEq for Tools {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

/// The tools that the root of the pages provides.
///
/// # Panics
/// Outside of the pages.
#[hook]
pub fn use_tools() -> Tools {
    use_context().expect("the root of the pages provides the tools")
}
