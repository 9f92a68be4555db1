//! One block, whole: what its header says, what it pays, what it confirms.

use node_wasm::api::{BlockView, Command, Reply};
use yew::prelude::*;

use crate::components::hash::hash;
use crate::components::mark::mark;
use crate::components::panel::figure;
use crate::components::payments::payment_view;
use crate::node::{unexpected, use_session};
use crate::route::Route;
use crate::state::Fate;
use crate::{browser, text};

/// A block holds at most about 1,200 payments: so many are in the document until the rest is asked for.
const PAYMENTS_SHOWN: usize = 50;

#[derive(Clone, Properties, PartialEq)]
pub(super) struct BlockPageProps {
    /// The block, as height or hash.
    pub(super) block: AttrValue,
    /// The tip: another one may take the block off the chain.
    pub(super) tip: Option<String>,
    /// The own address.
    pub(super) own: Option<AttrValue>,
}

/// The block that the address names.
#[component]
pub(super) fn BlockPage(props: &BlockPageProps) -> Html {
    let session = use_session();
    let found = use_state_eq(|| None::<Result<BlockView, String>>);
    {
        let (found, block, node) = (found.clone(), props.block.clone(), session.node.clone());
        use_effect_with(props.tip.clone(), move |tip| {
            if tip.is_some() {
                node.ask(Command::Block { block: block.to_string() }, move |answer| {
                    found.set(Some(match answer {
                        Ok(Reply::Block(block)) => Ok(*block),
                        Ok(_) => Err(unexpected()),
                        Err(refused) => Err(text::sentence(&refused.message)),
                    }));
                });
            }
        });
    }
    let title = match &*found {
        Some(Ok(block)) => format!("Block {}", block.height),
        Some(Err(_)) | None => "Block".to_owned(),
    };
    html! {
        <section class="panel" data-test="block-page" aria-labelledby="block-title">
            <header><h1 id="block-title">{ title }</h1></header>
            { match &*found {
                None => html! { <p class="empty">{ "Asking the node." }</p> },
                Some(Err(reason)) => html! { <p class="note wrong" role="alert" data-test="block-error">{ reason }</p> },
                Some(Ok(block)) => html! { <Detail block={block.clone()} own={props.own.clone()} /> },
            } }
        </section>
    }
}

#[derive(Clone, Properties, PartialEq)]
struct DetailProps {
    block: BlockView,
    own: Option<AttrValue>,
}

#[component]
fn Detail(props: &DetailProps) -> Html {
    let room = use_session().room;
    let (block, own) = (&props.block, props.own.as_deref());
    let all = use_state(|| false);
    let shown = if *all { block.transactions.len() } else { PAYMENTS_SHOWN };
    let more = block.transactions.len().saturating_sub(shown);
    let onclick = move |_: MouseEvent| all.set(true);
    html! {
        <>
            <dl class="facts">
                { fact("Hash", hash(&block.hash, Some("block-hash"))) }
                { fact("Previous", if block.height == 0 {
                    hash(&block.previous, Some("block-previous"))
                } else {
                    html! { <a href={Route::block(&room, &block.previous).to_string()}>
                        { hash(&block.previous, Some("block-previous")) }</a> }
                }) }
                { fact("Time", html! {
                    <time data-test="block-time" title={browser::date_time(block.time)}>{ browser::local_time(block.time) }</time>
                }) }
                { fact("Miner", if block.miner.is_empty() || block.height == 0 {
                    plain("block-miner", "nobody: every node makes the genesis itself".to_owned())
                } else {
                    html! { <>
                        { mark(&block.miner) }
                        { hash(&block.miner, Some("block-miner")) }
                        if own == Some(block.miner.as_str()) { <b>{ "you" }</b> }
                    </> }
                }) }
                { fact("Reward", with_unit("block-reward", &block.reward, &text::plural(&block.reward, "tab"))) }
                { fact("Nonce", with_unit("block-nonce", &block.nonce.to_string(), "")) }
                { fact("Merkle root", hash(&block.merkle_root, Some("block-merkle-root"))) }
                { fact("Target", hash(&block.target, Some("block-target"))) }
                { fact("Bits", plain("block-bits", block.bits.clone())) }
                { fact("Size", with_unit("block-size", &block.size.to_string(), "bytes")) }
                { fact("Work so far", with_unit("block-work", &block.work, "hashes")) }
            </dl>
            <h3>{ text::count(block.transactions.len(), "payment") }</h3>
            <ul class="payments" data-test="block-transactions">
                { for block.transactions.iter().take(shown).map(|payment| html! {
                    <li key={payment.id.clone()}>{ payment_view(payment, own, Fate::Known) }</li>
                }) }
            </ul>
            if more > 0 {
                <button type="button" class="button" {onclick}>{ format!("Show {more} more") }</button>
            }
        </>
    }
}

fn fact(label: &'static str, value: Html) -> Html {
    html! { <div><dt>{ label }</dt><dd>{ value }</dd></div> }
}

fn plain(test: &'static str, value: String) -> Html {
    html! { <span class="figure" data-test={test}>{ value }</span> }
}

fn with_unit(test: &'static str, value: &str, unit: &str) -> Html {
    html! { <>{ figure(value, Some(test)) }<span class="unit">{ unit.to_owned() }</span></> }
}
