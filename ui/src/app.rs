//! The shell, which is the page's first program: it has the node of the address' room, the bar, the notices and the
//! room's home. Whatever else a link can name is drawn by the program of the pages, which it loads.

use std::cell::RefCell;
use std::rc::Rc;

use node_wasm::units::RoomName;
use yew::prelude::*;

use crate::components::{
    ClockProvider, FirstSteps, Miner, PagesFrame, Peers, Steps, Strip, header, mempool, news_line, notices,
    wallet, wrong_room,
};
use crate::feed::{feed, use_fetches, use_route};
use crate::l10n::Language;
use crate::language::{LanguageProvider, use_language};
use crate::link::{self, Listeners};
use crate::node::{Session, Start};
use crate::route::Route;
use crate::state::{Action, State};
use crate::{browser, text};

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
    let route = use_route();
    // A node lives as long as its page: another room begins with a fresh one.
    let first = use_mut_ref(|| route.as_ref().ok().map(|route| route.room.clone()));
    let room = route.as_ref().ok().map(|route| &route.room);
    let has_left = first.borrow().as_ref().is_some_and(|first| Some(first) != room);
    if has_left {
        browser::reload();
    }
    *first.borrow_mut() = room.cloned();
    let page = match route {
        Ok(route) => html! { <Page start={props.start} {route} /> },
        Err(error) => wrong_room(&error.to_string()),
    };
    html! { <LanguageProvider>{ page }</LanguageProvider> }
}

#[derive(Clone, Properties, PartialEq)]
struct PageProps {
    start: StartProp,
    route: Route,
}

#[component]
fn Page(props: &PageProps) -> Html {
    let state = use_reducer(State::default);
    let session = use_node(props.start.0, &props.route.room, &state);
    use_fetches(&session.node, &state, state.dispatcher(), props.route.place.is_home());
    let status = state.status.clone();
    use_effect_with(text::page_title(&props.route, status.as_deref()), |title| browser::set_title(title));
    let dispatch = {
        let dispatcher = state.dispatcher();
        use_callback((), move |action: Action, ()| dispatcher.dispatch(action))
    };
    html! {
        <ContextProvider<Session> context={session}>
        <ClockProvider>
            { header(state.mining, state.connection.as_ref(), &props.route.place, status.is_some()) }
            { notices(&state.notices, &dispatch) }
            if props.route.place.is_home() { { home(&state, &dispatch) } }
            <PagesFrame wanted={!props.route.place.is_home()} ready={status.is_some()} />
        </ClockProvider>
        </ContextProvider<Session>>
    }
}

/// The room at a glance.
fn home(state: &State, dispatch: &Callback<Action>) -> Html {
    let status = state.status.as_deref();
    let height = status.map(|status| status.height);
    let own = status.map(|status| AttrValue::from(status.address.clone()));
    let waiting = status.map(|status| status.mempool);
    html! {
        <main>
            <Strip chain={state.chain.clone()} {height} seen={state.seen} waiting={waiting.unwrap_or(0)} mining={state.mining.on} />
            { news_line(&state.news, status.map_or(0, |s| s.syncing.max(s.loading)), height) }
            if let Some(status) = status {
                <FirstSteps steps={Steps::of(status, &state.mining)} mining={state.mining.on} />
            }
            <div class="columns">
                <div class="column">
                    { wallet(status, &state.chain, &state.sent, dispatch) }
                    { mempool(&state.mempool, waiting, own.as_ref()) }
                </div>
                <div class="column">
                    <Miner mining={state.mining} />
                    <Peers peers={state.peers.clone()} connection={state.connection.clone()} chain={state.chain.clone()} {height} />
                </div>
            </div>
        </main>
    }
}

/// Starts the node once, feeds what it tells into the state, and offers it to the pages.
#[hook]
fn use_node(start: Start, room: &RoomName, state: &UseReducerHandle<State>) -> Session {
    let latest = use_memo((), |()| RefCell::new(Rc::new(State::default())));
    latest.replace(Rc::new((**state).clone()));
    let (room, dispatcher) = (room.clone(), state.dispatcher());
    let session = use_memo((), move |()| {
        let (listeners, show) = (Listeners::default(), feed(dispatcher));
        let told = {
            let listeners = listeners.clone();
            Callback::from(move |update| {
                listeners.tell(&update);
                show.emit(update);
            })
        };
        let node = start(room.clone(), browser::relay(), told);
        link::offer(node.clone(), listeners, move || latest.borrow().so_far());
        Session { node, room, language: Language::default() }
    });
    Session { language: use_language(), ..(*session).clone() }
}
