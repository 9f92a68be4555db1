//! From the node's updates to the state, and from the state to what it lacks: the hooks that both programs use.

use std::cell::RefCell;
use std::rc::Rc;

use gloo::events::EventListener;
use gloo::timers::callback::Timeout;
use node_wasm::api::{Command, Reply, Update};
use node_wasm::units::RoomNameError;
use yew::prelude::*;

use crate::browser;
use crate::components::strip::STRIP_BLOCKS;
use crate::node::Node;
use crate::route::Route;
use crate::state::{Action, State};

/// Updates are shown together this often: faster than the eye, slower than a sync's thousand blocks.
const SHOW_EVERY_MS: u32 = 80;
/// A hidden page's timers come once a minute: beyond so many updates they are shown at once.
const UPDATES_MAX: usize = 1_000;

/// Where the page's address leads; drawn again when it changes.
#[hook]
pub fn use_route() -> Result<Route, RoomNameError> {
    let route = use_state_eq(|| Route::parse(&browser::hash()));
    {
        let route = route.clone();
        use_effect_with((), move |()| {
            let changed = move |_: &Event| route.set(Route::parse(&browser::hash()));
            let listener = web_sys::window().map(|window| EventListener::new(&window, "hashchange", changed));
            move || drop(listener)
        });
    }
    (*route).clone()
}

/// Feeds the state: several updates at a time.
pub fn feed(dispatcher: UseReducerDispatcher<State>) -> Callback<Update> {
    gather(move |updates| dispatcher.dispatch(Action::Told(updates, browser::now_ms())))
}

/// Collects updates and hands them on together.
fn gather(show: impl Fn(Vec<Update>) + 'static) -> Callback<Update> {
    let queue: Rc<RefCell<Vec<Update>>> = Rc::default();
    let show = Rc::new(show);
    Callback::from(move |update| {
        queue.borrow_mut().push(update);
        let length = queue.borrow().len();
        if length >= UPDATES_MAX {
            show(queue.take());
        } else if length == 1 {
            let (queue, show) = (queue.clone(), show.clone());
            Timeout::new(SHOW_EVERY_MS, move || {
                let updates = queue.take();
                if !updates.is_empty() {
                    show(updates);
                }
            })
            .forget();
        }
    })
}

/// Asks for what the figures say exists and the state does not hold: the strip's blocks, the mempool, the peers, the
/// fate of the payments sent from here. Nothing while nobody looks.
#[hook]
pub fn use_fetches(node: &Node, state: &State, dispatcher: UseReducerDispatcher<State>, seen: bool) {
    let status = state.status.as_deref().filter(|_| seen);
    let strip = status.and_then(|status| {
        let end = status.height.saturating_add(1);
        state.chain.missing(end.saturating_sub(STRIP_BLOCKS)..end)
    });
    let tip = status.map(|status| status.tip.clone());
    {
        let (node, dispatcher) = (node.clone(), dispatcher.clone());
        use_effect_with((strip, tip.clone()), move |(strip, _)| {
            if let Some(wanted) = *strip {
                let command = Command::Blocks { from: Some(wanted.from), count: wanted.count };
                node.ask(command, move |answer| {
                    if let Ok(Reply::Blocks(blocks)) = answer {
                        dispatcher.dispatch(Action::Blocks(blocks));
                    }
                });
            }
        });
    }
    {
        let (node, dispatcher) = (node.clone(), dispatcher.clone());
        use_effect_with((tip.clone(), status.map(|status| status.mempool)), move |(tip, _)| {
            if tip.is_some() {
                node.ask(Command::Mempool, move |answer| {
                    if let Ok(Reply::Mempool(waiting)) = answer {
                        dispatcher.dispatch(Action::Mempool(waiting));
                    }
                });
            }
        });
    }
    {
        let (node, dispatcher) = (node.clone(), dispatcher.clone());
        use_effect_with(status.map(|status| status.peers), move |peers| {
            if peers.is_some() {
                node.ask(Command::Peers, move |answer| {
                    if let Ok(Reply::Peers(peers)) = answer {
                        dispatcher.dispatch(Action::Peers(peers));
                    }
                });
            }
        });
    }
    // A new tip may confirm what waits, or undo what was confirmed; another payment may be what one waits for.
    let ids: Vec<String> = state.sent.iter().map(|sent| sent.payment.id.clone()).collect();
    let node = node.clone();
    use_effect_with((tip, status.map(|status| status.mempool), ids.len()), move |(tip, ..)| {
        for id in ids.into_iter().filter(|_| tip.is_some()) {
            let (dispatcher, asked) = (dispatcher.clone(), id.clone());
            node.ask(Command::Transaction { id }, move |answer| match answer {
                Ok(Reply::Transaction(payment)) => dispatcher.dispatch(Action::Payment(*payment)),
                Err(refused) if refused.code == "not-found" => {
                    dispatcher.dispatch(Action::Lost(asked.clone()));
                }
                Ok(_) | Err(_) => {}
            });
        }
    });
}
