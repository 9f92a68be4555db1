//! Where the chain stands and the last thing that happened, in one line of its own: seen, and spoken by screen readers.
//! It covers nothing.

use yew::prelude::*;

use crate::state::{News, NewsKind};
use crate::text;

/// The line: the news, how many blocks are still to come from the peers or the store, and the height of the tip, which is `None` until
/// the node has started.
pub fn news_line(news: &News, missing: u32, height: Option<u32>) -> Html {
    let kind = match news.kind {
        NewsKind::Quiet => "quiet",
        NewsKind::Block => "block",
        NewsKind::Won => "won",
        NewsKind::Payment => "payment",
        NewsKind::Reorg => "reorg",
    };
    let said = match height {
        None => "The node is starting.".to_owned(),
        Some(_) if !news.text.is_empty() => news.text.clone(),
        Some(0) => "A fresh room without a block. Start the miner to make the first one.".to_owned(),
        Some(_) => "What happens in the room is told here.".to_owned(),
    };
    html! {
        <div class="news" data-kind={kind}>
            <p class="height"><span class="kicker">{ "Height" }</span>
                <span class="figure" data-test={height.map(|_| "tip-height")}>
                    { height.map_or_else(|| text::UNKNOWN.to_owned(), |height| height.to_string()) }
                </span></p>
            <p role="status" aria-live="polite" data-test="news"><span key={news.number}>{ said }</span></p>
            if missing > 0 {
                <p class="syncing" data-test="syncing">
                    { format!("Catching up: {} to go.", text::count(missing, "block")) }
                </p>
            }
        </div>
    }
}
