//! A newcomer's first minute: the three things that make a chain, each ticked off by what the node tells. Gone for good
//! when it is sent away, and after the visit on which all are done.

use node_wasm::api::{Command, MineRequest, MiningView, Status};
use yew::prelude::*;

use crate::browser;
use crate::node::use_session;
use crate::route::{Place, Route};

/// Where the browser remembers that the steps were sent away.
const KEY: &str = "steps";

/// What of the three is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Steps {
    /// This wallet has mined, or has been paid.
    pub has_coins: bool,
    /// Another node is here.
    pub has_peer: bool,
    /// This wallet has paid.
    pub has_paid: bool,
}

impl Steps {
    /// What the node's figures say.
    #[must_use]
    pub fn of(status: &Status, mining: &MiningView) -> Self {
        Self {
            has_coins: mining.blocks_won > 0 || status.balance != "0",
            has_peer: status.peers > 0,
            has_paid: status.nonce > 0,
        }
    }

    const fn all(self) -> bool {
        self.has_coins && self.has_peer && self.has_paid
    }
}

#[derive(Clone, Properties, PartialEq)]
pub struct FirstStepsProps {
    /// What is done.
    pub steps: Steps,
    /// Whether the miner is on.
    pub mining: bool,
}

/// The steps.
#[component]
pub fn FirstSteps(props: &FirstStepsProps) -> Html {
    let session = use_session();
    let gone = use_state(|| browser::kept(KEY).is_some());
    let steps = props.steps;
    {
        let gone = gone.clone();
        use_effect_with(steps.all(), move |&all| {
            if all && !*gone {
                browser::keep(KEY, Some("done"));
            }
        });
    }
    if *gone {
        return Html::default();
    }
    let dismiss = move |_: MouseEvent| {
        browser::keep(KEY, Some("done"));
        gone.set(true);
    };
    let mine = {
        let node = session.node.clone();
        move |_: MouseEvent| {
            node.tell(Command::Mine(MineRequest { on: true, workers: None, intensity: None }));
        }
    };
    let link = |place| browser::link_to(&Route::to(&session.room, place).to_string());
    html! {
        <section class="steps" aria-labelledby="steps" data-test="steps">
            <header><h2 id="steps">{ "This tab is now a full node of the room" }</h2>
                <button type="button" class="button small" data-test="steps-dismiss" onclick={dismiss}>{ "Close" }</button></header>
            <ol>
                { step(steps.has_coins, "Mine a block", "Your processor searches for a number that makes the next block valid. Who finds it earns new coins.", html! {
                    <button type="button" class="button primary" disabled={props.mining} onclick={mine}>{ if props.mining { "Searching…" } else { "Start mining" } }</button>
                }) }
                { step(steps.has_peer, "Let others in", "Every tab that opens the link is another node. Nobody is in the middle: each checks every block itself.", html! {
                    <><a class="button" href={link(Place::Home)} target="_blank">{ "Open a second tab" }</a>
                    <a class="button" href={link(Place::Invite)}>{ "Show the code" }</a></>
                }) }
                { step(steps.has_paid, "Pay somebody", "Copy an address from another tab, send a few coins, and watch the next block take the payment.", html! {
                    <a class="button" href={link(Place::Wallet(String::new()))}>{ "To the wallet" }</a>
                }) }
            </ol>
        </section>
    }
}

fn step(is_done: bool, title: &'static str, what: &'static str, actions: Html) -> Html {
    html! {
        <li data-done={is_done.to_string()}>
            <h3>{ title }if is_done { <span class="visually-hidden">{ " (done)" }</span> }</h3>
            <p>{ what }</p>
            if !is_done { <div class="actions">{ actions }</div> }
        </li>
    }
}
