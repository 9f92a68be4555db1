//! The node log, the newest line first.

use std::collections::VecDeque;
use std::rc::Rc;

use node_wasm::api::{LogLevel, LogLine, LogPart};
use yew::prelude::*;

use super::panel::Panel;
use super::windowed::Windowed;
use crate::browser;

/// The height of a row; the style sheet has the same.
const ROW_HEIGHT: i32 = 28;

#[derive(Clone, Properties, PartialEq)]
pub struct LogProps {
    /// The lines.
    pub lines: Rc<VecDeque<Rc<LogLine>>>,
}

/// The log.
#[component]
pub fn Log(props: &LogProps) -> Html {
    let lines = props.lines.clone();
    let row = {
        let lines = lines.clone();
        Callback::from(move |index: usize| lines.get(index).map(|line| one(line)).unwrap_or_default())
    };
    html! {
        <Panel id="log" title="Node log">
            <div data-test="log">
                if lines.is_empty() {
                    <p class="empty">{ "Nothing to report." }</p>
                } else {
                    <Windowed test="log-lines" label="Log lines" total={lines.len()} row_height={ROW_HEIGHT} {row} />
                }
            </div>
        </Panel>
    }
}

fn one(line: &LogLine) -> Html {
    let level = match line.level {
        LogLevel::Info => "info",
        LogLevel::Warn => "warn",
    };
    html! {
        <div class="row" role="listitem" data-level={level}>
            <time>{ browser::time_of_day(line.time) }</time>
            <span class="part">{ part(line.part) }</span>
            <span class="text" title={line.text.clone()}>{ line.text.clone() }</span>
        </div>
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
