//! Where the chain stands and the last thing that happened, in one line of its own: seen, and spoken by screen readers.
//! It covers nothing.

use yew::prelude::*;

use crate::state::{News, NewsKind};
use crate::text;

#[derive(Clone, Properties, PartialEq)]
pub struct NewsProps {
    /// The news.
    pub news: News,
    /// How many blocks a running sync still misses.
    pub syncing: u32,
    /// The height of the tip; `None` until the node has started.
    pub height: Option<u32>,
}

/// The line.
#[component]
pub fn NewsLine(props: &NewsProps) -> Html {
    let kind = match props.news.kind {
        NewsKind::Quiet => "quiet",
        NewsKind::Block => "block",
        NewsKind::Won => "won",
        NewsKind::Payment => "payment",
        NewsKind::Reorg => "reorg",
    };
    let said = match props.height {
        None => "The node is starting.".to_owned(),
        Some(_) if props.news.kind != NewsKind::Quiet => props.news.text.clone(),
        Some(0) => "A fresh room without a block. Start the miner to make the first one.".to_owned(),
        Some(_) => "What happens in the room is told here.".to_owned(),
    };
    html! {
        <div class="news" data-kind={kind}>
            if let Some(height) = props.height {
                <p class="height"><span class="kicker">{ "Height" }</span>
                    <span class="figure" data-test="tip-height">{ height }</span></p>
            }
            <p role="status" aria-live="polite" data-test="news"><span key={props.news.number}>{ said }</span></p>
            if props.syncing > 0 {
                <p class="syncing" data-test="syncing">
                    { format!("Catching up: {} to go.", text::count(props.syncing as usize, "block")) }
                </p>
            }
        </div>
    }
}
