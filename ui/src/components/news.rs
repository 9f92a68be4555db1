//! The last thing that happened, in one line of its own: seen, and spoken by screen readers. It covers nothing.

use yew::prelude::*;

use crate::state::{News, NewsKind};
use crate::text;

#[derive(Clone, Properties, PartialEq)]
pub struct NewsProps {
    /// The news.
    pub news: News,
    /// How many blocks a running sync still misses.
    pub syncing: u32,
    /// Whether the node has started.
    pub started: bool,
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
    let said = if !props.started {
        "The node is starting.".to_owned()
    } else if props.news.kind == NewsKind::Quiet {
        "Nothing happened yet. Start the miner to make the next block.".to_owned()
    } else {
        props.news.text.clone()
    };
    html! {
        <div class="news" data-kind={kind}>
            <p role="status" aria-live="polite" data-test="news"><span key={props.news.number}>{ said }</span></p>
            if props.syncing > 0 {
                <p class="syncing" data-test="syncing">
                    { format!("Catching up: {} to go.", text::count(props.syncing as usize, "block")) }
                </p>
            }
        </div>
    }
}
