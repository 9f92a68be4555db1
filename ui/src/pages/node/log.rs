//! The node log, the newest line first. Lines wrap: each is whole.

use std::collections::VecDeque;
use std::rc::Rc;

use node_wasm::api::{LogLevel, LogLine, LogPart};
use yew::prelude::*;

use crate::browser;
use crate::components::panel::panel;

#[derive(Clone, Properties, PartialEq)]
pub(super) struct LogProps {
    /// The lines.
    pub(super) lines: Rc<VecDeque<Rc<LogLine>>>,
}

/// The log.
#[component]
pub(super) fn Log(props: &LogProps) -> Html {
    let children = html! {
        <>
            <div data-test="log">
                if props.lines.is_empty() {
                    <p class="empty">{ "Nothing to report." }</p>
                } else {
                    <ul class="log" data-test="log-lines" aria-label="Log lines" tabindex="0">
                        { for props.lines.iter().map(one) }
                    </ul>
                }
            </div>
        </>
    };
    panel("log", "Node log", None, children)
}

fn one(line: &Rc<LogLine>) -> Html {
    let level = match line.level {
        LogLevel::Info => "info",
        LogLevel::Warn => "warn",
    };
    html! {
        // A line is never changed and never moved: its place in memory tells it from all others.
        <li key={Rc::as_ptr(line) as usize} data-level={level}>
            <time>{ browser::time_of_day(line.time) }</time>
            <span class="part">{ part(line.part) }</span>
            <span class="text">{ line.text.clone() }</span>
        </li>
    }
}

const fn part(part: LogPart) -> &'static str {
    match part {
        LogPart::Chain => "chain",
        LogPart::Mempool => "mempool",
        LogPart::Peers => "peers",
        LogPart::Sync => "sync",
        LogPart::Miner => "miner",
        LogPart::Storage => "storage",
    }
}
