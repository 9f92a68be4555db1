//! Every block down to genesis, the newest first. Rows that come into sight are asked for; the others are not held.

use std::ops::Range;
use std::rc::Rc;

use node_wasm::api::{BlockSummary, Command, Reply};
use node_wasm::units::RoomName;
use yew::prelude::*;

use crate::chain::Chain;
use crate::components::clock::Age;
use crate::components::hash::{hash, party};
use crate::components::panel::panel;
use crate::components::windowed::Windowed;
use crate::node::use_session;
use crate::route::Route;
use crate::state::Action;
use crate::text;

/// The height of a row; the style sheet has the same.
const ROW_HEIGHT: i32 = 48;

#[derive(Clone, Properties, PartialEq)]
pub(super) struct BlocksProps {
    /// The blocks.
    pub(super) chain: Rc<Chain>,
    /// The height of the tip.
    pub(super) height: Option<u32>,
    /// To the state.
    pub(super) dispatch: Callback<Action>,
}

/// The chain.
#[component]
pub(super) fn Blocks(props: &BlocksProps) -> Html {
    let session = use_session();
    let sight = use_state_eq(|| 0..0);
    let total = props.height.map_or(0, |height| height as usize + 1);
    let wanted = props.chain.missing(heights(total, &sight));
    {
        let (node, dispatch) = (session.node.clone(), props.dispatch.clone());
        use_effect_with(wanted, move |wanted| {
            if let Some(wanted) = *wanted {
                let command = Command::Blocks { from: Some(wanted.from), count: wanted.count };
                node.ask(command, move |answer| {
                    if let Ok(Reply::Blocks(blocks)) = answer {
                        dispatch.emit(Action::Blocks(blocks));
                    }
                });
            }
        });
    }
    let row = {
        let (chain, room) = (props.chain.clone(), session.room.clone());
        Callback::from(move |index: usize| {
            let height = u32::try_from(total - 1 - index).unwrap_or(u32::MAX);
            one(height, total, chain.block(height).map(Rc::as_ref), &room)
        })
    };
    let shown = Callback::from(move |range: Range<usize>| sight.set(range));
    let aside = props.height.map(|_| html! { <p class="count">{ text::count(total, "block") }</p> });
    let children = html! {
        <>
            <Windowed test="chain-list" label="Blocks" {total} row_height={ROW_HEIGHT} {row} {shown} />
        </>
    };
    panel("chain", "The chain", aside, children)
}

/// The heights of rows: row 0 is the tip.
fn heights(total: usize, rows: &Range<usize>) -> Range<u32> {
    let height = |row: usize| u32::try_from(total.saturating_sub(row)).unwrap_or(u32::MAX);
    height(rows.end)..height(rows.start)
}

fn one(height: u32, total: usize, block: Option<&BlockSummary>, room: &RoomName) -> Html {
    let position = total - height as usize;
    let row = match block {
        None => html! { <span class="loading">{ format!("#{height}") }</span> },
        Some(block) => html! {
            <a href={Route::block(room, &block.hash).to_string()} tabindex="-1" data-test="chain-row" data-height={height.to_string()}>
                <b>{ format!("#{height}") }</b>
                { hash(&block.hash, None) }
                if height > 0 { { party(&block.miner, block.mine) } } else { <span class="who">{ "nobody" }</span> }
                <span class="payments">{ text::count(block.transactions, "payment") }</span>
                <Age since={block.time} />
            </a>
        },
    };
    html! {
        <div class="row" role="listitem" key={height} aria-setsize={total.to_string()} aria-posinset={position.to_string()}>
            { row }
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_row_is_the_tip_and_the_last_is_genesis() {
        assert_eq!(heights(10, &(0..10)), 0..10);
        assert_eq!(heights(10, &(0..3)), 7..10);
        assert_eq!(heights(10, &(8..10)), 0..2);
        assert_eq!(heights(3, &(0..10)), 0..3);
        assert_eq!(heights(0, &(0..0)), 0..0);
    }
}
