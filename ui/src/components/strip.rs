//! The last blocks as a row of tabs, the newest first, that is pushed on as blocks are mined. In front of them stands
//! the block that does not exist yet, in which the waiting payments gather, a grain for each.

use std::rc::Rc;

use node_wasm::api::BlockSummary;
use node_wasm::units::RoomName;
use yew::prelude::*;

use super::arrows::arrows;
use super::clock::Age;
use super::hash::party;
use super::mark::hue;
use crate::chain::Chain;
use crate::node::use_session;
use crate::route::Route;
use crate::text;

/// How many blocks the strip shows.
pub const STRIP_BLOCKS: u32 = 24;

/// What the strip shows.
#[derive(Clone, Properties, PartialEq)]
pub struct StripProps {
    /// The blocks.
    pub chain: Rc<Chain>,
    /// The height of the tip.
    pub height: Option<u32>,
    /// Blocks above it came while the page was open, and move in.
    pub seen: Option<u32>,
    /// How many payments wait.
    pub waiting: u32,
    /// Whether this node mines.
    pub mining: bool,
}

/// The last blocks.
#[component]
pub fn Strip(props: &StripProps) -> Html {
    let room = use_session().room;
    let Some(height) = props.height else {
        return html! { <div class="strip" aria-hidden="true"><div class="block next"></div></div> };
    };
    let blocks = props.chain.down_from(height, STRIP_BLOCKS as usize);
    let seen = props.seen.unwrap_or(height);
    html! {
        <div class="strip" role="region" aria-label="The last blocks" tabindex="0" data-test="strip" onkeydown={arrows}>
            <ol>
                <li class="next" key="next" data-mining={props.mining.to_string()}>
                    <div class="block">
                        <span class="ear">{ format!("#{}", height.saturating_add(1)) }</span>
                        <span class="body">
                            <b>{ "Next" }</b>
                            { grains(props.waiting) }
                            <span>{ format!("{} waiting", props.waiting) }</span>
                        </span>
                    </div>
                </li>
                { for blocks.map(|block| tab(block, &room, block.height > seen)) }
            </ol>
        </div>
    }
}

/// More payments than these are not told apart by eye.
const GRAINS_MAX: u32 = 20;

/// A grain for each payment: they gather in the next block, and lie in the one that took them.
fn grains(payments: u32) -> Html {
    html! { <span class="grains" aria-hidden="true">{ for (0..payments.min(GRAINS_MAX)).map(|grain| html! { <i key={grain}></i> }) }</span> }
}

fn tab(block: &BlockSummary, room: &RoomName, is_new: bool) -> Html {
    let payments = text::count(block.transactions, "payment");
    html! {
        <li key={block.hash.clone()} class={classes!(is_new.then_some("new"))}>
            <a class="block" tabindex="-1" data-test="block" data-height={block.height.to_string()} data-hash={block.hash.clone()}
                data-mine={block.mine.to_string()} data-hue={hue(&block.miner)}
                href={Route::block(room, &block.hash).to_string()}>
                <span class="ear">{ format!("#{}", block.height) }</span>
                <span class="body">
                    if block.height == 0 {
                        <b>{ "Genesis" }</b>
                        <span>{ "made of the room's rules" }</span>
                    } else {
                        { party(&block.miner, block.mine) }
                        { grains(block.transactions) }
                        if block.transactions > 0 { <span>{ payments }</span> }
                        <Age since={block.time} />
                    }
                </span>
            </a>
        </li>
    }
}
