//! The other nodes of the room, as they present themselves. On a wide screen the panel keeps its height while they come
//! and go, so that nothing below moves away from under a finger.

use std::rc::Rc;

use node_wasm::api::{Connection, ConnectionView, PeerView};
use yew::prelude::*;

use super::clock::Age;
use super::copy::CopyButton;
use super::hash::hash;
use super::mark::mark;
use super::panel::panel;
use super::windowed::Windowed;
use crate::chain::Chain;
use crate::node::use_session;
use crate::route::Route;
use crate::{browser, text};

/// A class of thirty and a few phones are all in the document; of a larger room those in sight.
const PEERS_SHOWN: usize = 60;
/// The height of a row of a larger room; the style sheet has the same.
const ROW_HEIGHT: i32 = 68;

#[derive(Clone, Properties, PartialEq)]
pub struct PeersProps {
    /// The peers.
    pub peers: Rc<Vec<PeerView>>,
    /// The relay connection.
    pub connection: Option<ConnectionView>,
    /// The own chain, against which theirs is held.
    pub chain: Rc<Chain>,
    /// The height of its tip; `None` until the node has started.
    pub height: Option<u32>,
}

/// The peers.
#[component]
pub fn Peers(props: &PeersProps) -> Html {
    let count = props.peers.len();
    let aside = props
        .height
        .map(|_| html! { <p class="count"><span class="figure" data-test="peer-count">{ count }</span></p> });
    let row = {
        let (peers, chain, height) = (props.peers.clone(), props.chain.clone(), props.height);
        Callback::from(move |index: usize| match peers.get(index) {
            Some(peer) => html! {
                <div class="row peer" role="listitem" key={peer.id.clone()}>{ one(peer, &chain, height) }</div>
            },
            None => Html::default(),
        })
    };
    let children = html! {
        <>
            <div class="stable">
                if count == 0 {
                    <Alone state={props.height.and(props.connection.as_ref()).map_or(Connection::Connecting, |view| view.state)} />
                } else if count <= PEERS_SHOWN {
                    <ul class="peers" tabindex="0" aria-label="Peers">
                        { for props.peers.iter().map(|peer| html! { <li class="peer" key={peer.id.clone()}>{ one(peer, &props.chain, props.height) }</li> }) }
                    </ul>
                } else {
                    <Windowed test="peer-rows" label="Peers" total={count} row_height={ROW_HEIGHT} {row} />
                }
            </div>
        </>
    };
    panel("peers", "Peers", aside, children)
}

#[derive(Clone, Properties, PartialEq)]
struct AloneProps {
    /// The relay connection.
    state: Connection,
}

/// What to do about being alone.
#[component]
fn Alone(props: &AloneProps) -> Html {
    let link = browser::link_to(&Route::room(&use_session().room).to_string());
    let said = match props.state {
        Connection::Connecting => "Looking for other nodes.",
        Connection::Online => {
            "You are the only node here. Send the link to someone, or open it in a second tab: every tab is a node."
        }
        Connection::Off => {
            "You are the only node here. Open the link in a second tab of this browser: tabs find each other without a relay."
        }
        Connection::Offline => {
            "You are the only node here. Tabs of this browser find each other without the relay; if it also serves this page, a new tab opens only once it is back."
        }
    };
    html! {
        <div class="empty" data-test="no-peers">
            <p>{ said }</p>
            <div class="actions">
                <a class="button" href={link.clone()} target="_blank" data-test="second-tab">{ "Open a second tab" }</a>
                <CopyButton text={link} what="link" test="copy-link-peers" />
            </div>
        </div>
    }
}

fn one(peer: &PeerView, chain: &Chain, height: Option<u32>) -> Html {
    let behind = height.is_some_and(|height| peer.height < height);
    let other_branch = chain.block(peer.height).is_some_and(|own| own.hash != peer.tip);
    html! {
        <div data-test="peer" data-id={peer.id.clone()} data-height={peer.height.to_string()}>
            { mark(&peer.id) }
            { hash(&peer.id, None) }
            <p class="facts">
                <span>{ text::via(peer.via) }</span>
                <span data-behind={behind.to_string()}>{ format!("at #{}", peer.height) }</span>
                if other_branch { <span data-behind="true">{ "other branch" }</span> }
                if let Some(latency) = peer.latency_ms { <span>{ format!("{latency} ms") }</span> }
                <span>{ "met " }<Age since={peer.since} /></span>
            </p>
        </div>
    }
}
