//! The root: starts the node of the address' room, keeps the state, fetches what the state says is missing, and lays
//! the panels out.

use std::cell::RefCell;
use std::rc::Rc;

use gloo::events::EventListener;
use gloo::timers::callback::Timeout;
use node_wasm::api::{Command, Reply, Update};
use node_wasm::units::RoomName;
use yew::prelude::*;

use crate::browser;
use crate::components::strip::STRIP_BLOCKS;
use crate::components::{
    BlockDialog, ChainList, ClockProvider, Log, Miner, Peers, Strip, header, mempool, news_line, node_panel,
    notices, wallet, wrong_room,
};
use crate::node::{Node, Session, Start};
use crate::route::Route;
use crate::state::{Action, State};

/// Updates are shown together this often: faster than the eye, slower than a sync's thousand blocks.
const SHOW_EVERY_MS: u32 = 80;
/// A hidden page's timers come once a minute: beyond so many updates they are shown at once.
const UPDATES_MAX: usize = 1_000;

/// What the root needs from outside.
#[derive(Clone, Properties, PartialEq)]
pub struct AppProps {
    /// Starts the node.
    pub start: StartProp,
}

/// [`Start`], comparable as a property.
#[derive(Clone, Copy)]
pub struct StartProp(pub Start);

impl PartialEq for StartProp {
    fn eq(&self, _: &Self) -> bool {
        // One page has one way to start a node.
        true
    }
}

/// The page, or a word about its address.
#[component]
pub fn App(props: &AppProps) -> Html {
    let route = use_state_eq(|| Route::parse(&browser::hash()));
    {
        let route = route.clone();
        use_effect_with((), move |()| {
            let listener = web_sys::window().map(|window| {
                EventListener::new(&window, "hashchange", move |_| {
                    let next = Route::parse(&browser::hash());
                    // A node lives as long as its page: another room begins with a fresh one.
                    match (&*route, &next) {
                        (Ok(old), Ok(new)) if old.room == new.room => route.set(next),
                        (Ok(_), _) => browser::reload(),
                        (Err(_), _) => route.set(next),
                    }
                })
            });
            move || drop(listener)
        });
    }
    match (*route).clone() {
        Ok(route) => html! { <Page start={props.start} {route} /> },
        Err(error) => wrong_room(&error.to_string()),
    }
}

#[derive(Clone, Properties, PartialEq)]
struct PageProps {
    start: StartProp,
    route: Route,
}

#[component]
fn Page(props: &PageProps) -> Html {
    let state = use_reducer(State::default);
    let room = props.route.room.clone();
    let session = use_node(props.start.0, &room, state.dispatcher());
    use_fetches(&session.node, &state, state.dispatcher());

    let status = state.status.clone();
    let title = match &status {
        Some(status) => format!("#{} {room} · Tabchain", status.height),
        None => format!("{room} · Tabchain"),
    };
    use_effect_with(title, |title| browser::set_title(title));

    let dispatch = {
        let dispatcher = state.dispatcher();
        use_callback((), move |action: Action, ()| dispatcher.dispatch(action))
    };
    let height = status.as_ref().map(|status| status.height);
    let own = status.as_ref().map(|status| AttrValue::from(status.address.clone()));
    let waiting = status.as_ref().map(|status| status.mempool);
    html! {
        <ContextProvider<Session> context={session}>
        <ClockProvider>
            { header(state.mining, state.connection.as_ref(), status.is_some()) }
            { notices(&state.notices, &dispatch) }
            <main>
                <Strip chain={state.chain.clone()} {height} seen={state.seen} waiting={waiting.unwrap_or(0)} mining={state.mining.on} />
                { news_line(&state.news, status.as_ref().map_or(0, |s| s.syncing.max(s.loading)), height) }
                <div class="columns">
                    <div class="column">
                        { wallet(status.as_deref(), &state.chain, &state.sent, &dispatch) }
                        { mempool(&state.mempool, waiting, own.as_ref()) }
                        <ChainList chain={state.chain.clone()} {height} dispatch={dispatch.clone()} />
                    </div>
                    <div class="column">
                        <Miner mining={state.mining} />
                        <Peers peers={state.peers.clone()} connection={state.connection.clone()} chain={state.chain.clone()} {height} />
                        { node_panel(status.as_deref(), state.checking, &dispatch) }
                        <Log lines={state.log.clone()} />
                    </div>
                </div>
            </main>
            if let Some(block) = props.route.block.clone() {
                <BlockDialog key={block.clone()} block={block.clone()} tip={state.status.as_ref().map(|s| s.tip.clone())} {own} />
            }
        </ClockProvider>
        </ContextProvider<Session>>
    }
}

/// Starts the node once and feeds what it tells into the state, several updates at a time.
#[hook]
fn use_node(start: Start, room: &RoomName, dispatcher: UseReducerDispatcher<State>) -> Session {
    let room = room.clone();
    let session = use_memo((), move |()| {
        let told = gather(move |updates| dispatcher.dispatch(Action::Told(updates, browser::now_ms())));
        Session { node: start(room.clone(), browser::relay(), told), room }
    });
    (*session).clone()
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
/// fate of the payments sent from here.
#[hook]
fn use_fetches(node: &Node, state: &State, dispatcher: UseReducerDispatcher<State>) {
    let status = state.status.as_deref();
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
    use_effect_with((tip, status.map(|status| status.mempool), ids.len()), move |_| {
        for id in ids {
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
