//! The Tabchain page: it renders what the node tells it and sends what the person asks. No consensus code runs here.
//!
//! What can be decided without a browser is pure and tested natively ([`state`], [`chain`], [`route`], [`text`],
//! [`window`]); [`browser`] is the page's only way to its browser, [`node`] its only way to its node. The binary
//! `app` (feature `app`, wasm only) starts the real node.
//!
//! # Names for tests
//!
//! Elements carry a stable `data-test` attribute. Identifiers and hashes are whole in `textContent`; figures are
//! plain digits, their units outside of the element.
//!
//! | where | names |
//! |---|---|
//! | bar | `room` `copy-link` `share` `switch-room` `connection` (the state's word) `connection-sentence` `connect-toggle` `theme` `mine-toggle` (`aria-pressed`) `hash-rate` (`data-value`: hashes per second) `hash-rate-unit` |
//! | other room | `room-dialog` `room-name` `room-error` `room-go` `modal-close` |
//! | notices | `notice` (`data-code`) `notice-dismiss` |
//! | strip | `strip` `block` (`data-height`, `data-hash`, `data-mine`) `tip-height` `news` `syncing` |
//! | wallet | `balance` `pending` `address` `copy-address` `send-to` `send-amount` `send-fee` `send-data` `send-submit` `send-error` `sent` |
//! | payments | `payment` (`data-id`, `data-state`: `pending`, `confirmed`) `payment-amount` `payment-data` `payment-state` `payment-id` |
//! | mempool | `mempool-count` `mempool` |
//! | chain | `chain-list` `chain-row` (`data-height`) |
//! | block | `block-dialog` `block-error` `block-hash` `block-previous` `block-time` `block-miner` `block-reward` `block-nonce` `block-merkle-root` `block-target` `block-bits` `block-size` `block-work` `block-transactions` |
//! | miner | `blocks-won` `workers` `mine-workers` `mine-intensity` |
//! | peers | `peer-count` `peer` (`data-id`, `data-height`) `no-peers` `second-tab` `copy-link-peers` |
//! | node | `nonce` `node-id` `tip-hash` `genesis-hash` `work` `slot` `storage` `version` `action-busy` (until a result stands) `sync-now` `sync-result` `check-chain` `check-result` `export-chain` `export-result` `import-chain` `import-result` `reset-chain` `reset-dialog` `reset-confirm` `reset-cancel` `reset-result` |
//! | log | `log` `log-lines` |

pub mod app;
pub mod browser;
pub mod chain;
pub mod components;
pub mod node;
pub mod route;
pub mod state;
pub mod text;
pub mod window;

use app::{App, AppProps, StartProp};

/// Shows the page in the document's element `app`, or in its body, with nodes from `start`.
pub fn run(start: node::Start) {
    let props = AppProps { start: StartProp(start) };
    let root = web_sys::window().and_then(|window| window.document()?.get_element_by_id("app"));
    match root {
        Some(root) => yew::Renderer::<App>::with_root_and_props(root, props).render(),
        None => yew::Renderer::<App>::with_props(props).render(),
    };
    browser::set_theme(browser::theme().as_deref());
}
