//! The node worker: waits for the page, opens the store, restores the chain, then drives the node.

use futures::StreamExt;
use futures::channel::mpsc::UnboundedReceiver;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

use super::driver::{Driver, Parts, config};
use super::events::{Events, HostEvent};
use super::js::{from_js, navigator, now, on_broken, property};
use super::page::Page;
use super::protocol::{FromNode, Start, ToNode};
use super::store::{Opened, Store};
use crate::api::{LogLevel, LogPart, Notice, count};
use crate::consensus::ChainParams;
use crate::host::relay_client;
use crate::node::Node;
use crate::units::Timestamp;

/// So much of a wrong relay address is quoted, in characters.
const RELAY_QUOTED_MAX: usize = 60;

/// Runs the worker; returns at once, the rest happens in callbacks.
pub(super) fn run(scope: DedicatedWorkerGlobalScope) -> Result<(), JsValue> {
    on_broken(&scope, |why| FromNode::Broken { why })?;
    let page = Page::new()?;
    let (events, inbox) = Events::new();
    let sender = events.clone();
    let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        sender.post(HostEvent::Page(from_js(&event.data())));
    });
    scope.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    on_message.forget();
    page.post(&FromNode::Ready);
    spawn_local(live(scope, page, events, inbox));
    Ok(())
}

async fn live(
    scope: DedicatedWorkerGlobalScope,
    page: Page,
    events: Events,
    mut inbox: UnboundedReceiver<HostEvent>,
) {
    // The page says nothing else first.
    let start = loop {
        match inbox.next().await {
            Some(HostEvent::Page(Ok(ToNode::Start(start)))) => break start,
            Some(_) => {}
            None => return,
        }
    };
    let mut driver = open(start, page, events).await;
    driver.start(scope.navigator().on_line());
    while let Some(event) = inbox.next().await {
        driver.take(event);
    }
}

async fn open(start: Start, mut page: Page, events: Events) -> Driver {
    let room = start.room;
    let genesis = ChainParams::room(room.clone()).genesis().hash();
    let Opened { mut store, wallet, settings, notice } =
        Store::open(&room, start.slot, genesis, &events).await;
    page.post(&FromNode::Started { slot: store.slot_number() });
    let mut notices: Vec<Notice> = notice.into_iter().collect();

    let began = now();
    let mut node = Node::new(config(&room, &wallet), began);
    match store.restore(&mut node).await {
        Ok(found) => notices.extend(found),
        Err(error) => {
            let why = error.to_string();
            notices.push(store.give_up(&why));
            // What is not loaded yet will not be: that is said already.
            let _ = node.load(now(), Err(why));
        }
    }
    let loaded = count(node.chain().height(), "block");
    let text = format!("loaded {loaded} in {} ms", now().ms_since(began));
    page.log(LogPart::Storage, LogLevel::Info, text);
    notices.extend(clock_notice(&node));
    let stored = store.payments().await;
    notices.extend(stored.notice);
    for payment in stored.payments {
        node.restore_payment(began, payment);
    }
    let relay_url = match start.relay {
        Some(url) if relay_client::is_relay(&url) => url,
        given => {
            notices.extend(given.map(|text| bad_relay_notice(&text)));
            start.own_relay
        }
    };
    for notice in notices {
        page.log(LogPart::Storage, LogLevel::Warn, notice.message.clone());
        page.notice(notice);
    }
    store.set_persistent(persisted().await);

    let parts = Parts { room, node, wallet, store, settings, page, events, relay_url };
    let driver = Driver::new(parts);
    if let Some(writer) = driver.store.writer() {
        writer.drop_missing(stored.ids, driver.node.mempool());
    }
    driver
}

/// A clock that is behind the stored chain refuses everyone's blocks.
fn clock_notice(node: &Node) -> Option<Notice> {
    let chain = node.chain();
    let tip = chain.block(&chain.tip().hash)?;
    let ahead = Timestamp(u64::from(tip.header.time.0) * 1000).ms_since(now()) / 1000;
    (ahead > u64::from(chain.params().future_max)).then(|| Notice {
        code: "clock".to_owned(),
        message: format!(
            "This machine's clock is {ahead} seconds behind the last stored block. Set it right, or blocks are refused."
        ),
    })
}

/// The link's relay is no relay's address.
fn bad_relay_notice(text: &str) -> Notice {
    let text: String = text.chars().take(RELAY_QUOTED_MAX).collect();
    Notice {
        code: "bad-relay".to_owned(),
        message: format!(
            "This link names {text:?} as its relay, which does not start with ws:// or wss://. The page uses its own relay."
        ),
    }
}

/// Whether the browser promised to keep the store.
async fn persisted() -> bool {
    let ask = || -> Option<js_sys::Promise> {
        let storage = property(&navigator(), "storage");
        let persisted: js_sys::Function = property(&storage, "persisted").dyn_into().ok()?;
        persisted.call0(&storage).ok()?.dyn_into().ok()
    };
    match ask() {
        Some(promise) => JsFuture::from(promise).await.is_ok_and(|kept| kept.is_truthy()),
        None => false,
    }
}
