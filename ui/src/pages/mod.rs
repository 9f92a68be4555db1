//! The pages: whatever a link can name below a room's home. A program of its own, which the shell loads.
//!
//! It has no node: it asks the shell's over [`crate::link`], and keeps a state of its own from the same updates, so
//! that no figure here can differ from the shell's for longer than they take to be drawn.

mod block;
mod blocks;
mod invite;
mod node;

use std::rc::Rc;

use node_wasm::units::RoomName;
use yew::prelude::*;

use crate::browser;
use crate::components::{ClockProvider, Miner, PAGES_READY, wallet};
use crate::feed::{feed, use_fetches, use_route};
use crate::l10n::Language;
use crate::language::{LanguageProvider, use_language};
use crate::link::Link;
use crate::node::Session;
use crate::route::{Place, Route};
use crate::state::{Action, State};
use crate::tools::Tools;

use block::BlockPage;
use blocks::Blocks;
use invite::Invite;

/// What the pages need from outside.
#[derive(Clone, Properties, PartialEq)]
pub struct PagesProps {
    /// The way to the shell and its node.
    pub link: LinkProp,
    /// The way to the worker that does what is heavy.
    pub tools: Tools,
}

/// [`Link`], comparable as a property.
#[derive(Clone)]
pub struct LinkProp(pub Link);

impl PartialEq for LinkProp {
    fn eq(&self, _: &Self) -> bool {
        // One page has one shell.
        true
    }
}

/// The page that the address names, or nothing where that is the shell's.
#[component]
pub fn Pages(props: &PagesProps) -> Html {
    use_effect_with((), |()| browser::announce(PAGES_READY));
    match use_route() {
        Ok(route) => html! {
            <LanguageProvider><Page link={props.link.clone()} tools={props.tools.clone()} {route} /></LanguageProvider>
        },
        // The shell says what is wrong.
        Err(_) => Html::default(),
    }
}

#[derive(Clone, Properties, PartialEq)]
struct PageProps {
    link: LinkProp,
    tools: Tools,
    route: Route,
}

#[component]
fn Page(props: &PageProps) -> Html {
    let state = use_reducer(State::default);
    let session = use_session_of(&props.link.0, &props.route.room, state.dispatcher());
    let seen = !props.route.place.is_home();
    use_fetches(&session.node, &state, state.dispatcher(), seen);
    let dispatch = {
        let dispatcher = state.dispatcher();
        use_callback((), move |action: Action, ()| dispatcher.dispatch(action))
    };
    if !seen {
        return Html::default();
    }
    html! {
        <ContextProvider<Session> context={session}>
        <ContextProvider<Tools> context={props.tools.clone()}>
        <ClockProvider>
            <main class="page">{ page(&props.route, &state, &dispatch) }</main>
        </ClockProvider>
        </ContextProvider<Tools>>
        </ContextProvider<Session>>
    }
}

fn page(route: &Route, state: &State, dispatch: &Callback<Action>) -> Html {
    let status = state.status.as_deref();
    let height = status.map(|status| status.height);
    let own = status.map(|status| AttrValue::from(status.address.clone()));
    let tip = status.map(|status| status.tip.clone());
    match &route.place {
        Place::Blocks => {
            html! { <Blocks chain={state.chain.clone()} {height} dispatch={dispatch.clone()} /> }
        }
        Place::Block(block) => html! { <BlockPage key={block.clone()} block={block.clone()} {tip} {own} /> },
        Place::Wallet(_) => wallet(status, &state.chain, &state.sent, dispatch),
        Place::Miner => html! { <Miner mining={state.mining} /> },
        Place::Node => node::page(state, dispatch),
        Place::Invite => html! { <Invite /> },
        Place::Home => Html::default(),
        Place::Payment(_) | Place::Account(_) | Place::Peer(_) | Place::Search(_) | Place::Nowhere(_) => {
            nowhere(&route.room)
        }
    }
}

/// What stands in the place of a page that there is not.
fn nowhere(room: &RoomName) -> Html {
    html! {
        <div class="empty" data-test="nowhere">
            <h1>{ "There is no such page" }</h1>
            <p>{ "The link may be cut off, or of a newer version." }</p>
            <p><a href={Route::room(room).to_string()}>{ format!("Go to room {room}") }</a></p>
        </div>
    }
}

/// Listens to the shell from here on.
#[hook]
fn use_session_of(link: &Link, room: &RoomName, dispatcher: UseReducerDispatcher<State>) -> Session {
    let (link, room) = (link.clone(), room.clone());
    let session: Rc<Session> = use_memo((), move |()| {
        link.listen(feed(dispatcher));
        Session { node: link.node(), room, language: Language::default() }
    });
    Session { language: use_language(), ..(*session).clone() }
}
