//! Payments and messages: sent by the form, waiting everywhere, mined, and refused with the reason.

use std::time::Instant;

use anyhow::{Result, ensure};
use node_wasm::api::TransactionState;
use serde_json::json;
use tests::browser::Browser;
use tests::clock::{holds, until};
use tests::relay::Relay;
use tests::tab::Tab;

use crate::{PATIENCE, SECOND};

/// A message that one of the old systems put on its chain.
const MESSAGE: &str = "Testing String Again";

/// Mines until the tab owns something, then rests.
async fn earn(tab: &Tab) -> Result<()> {
    tab.mine(true).await?;
    tab.until("a reward", PATIENCE, |status| holds(status.balance != "0", &status.balance)).await?;
    tab.mine(false).await?;
    Ok(())
}

async fn pay(tab: &Tab, to: &str, amount: &str, data: &str) -> Result<()> {
    tab.fill("send-to", to).await?;
    tab.fill("send-amount", amount).await?;
    tab.fill("send-data", data).await?;
    tab.click("send-submit").await
}

/// A5, B2, B3, E3: a payment with a text goes everywhere, is mined, and balances agree.
#[tokio::test]
async fn a_payment_with_a_message_is_the_same_on_every_tab() -> Result<()> {
    let relay = Relay::start()?;
    let browser = Browser::start().await?;
    let link = relay.link("payment");
    let tabs = [browser.open(&link).await?, browser.open(&link).await?, browser.open(&link).await?];
    for tab in &tabs {
        tab.until_peers(2, PATIENCE).await?;
    }
    let (payer, payee) = (&tabs[0], tabs[1].status().await?.address);
    earn(payer).await?;
    let before = payer.status().await?;
    for tab in &tabs {
        tab.until_height(before.height, 2 * SECOND).await?;
    }

    pay(payer, &payee, "42", MESSAGE).await?;
    let sent = Instant::now();
    for tab in &tabs {
        tab.until("the payment", SECOND, |status| holds(status.mempool == 1, status.mempool)).await?;
    }
    ensure!(sent.elapsed() < SECOND, "in every mempool after {:?}", sent.elapsed());
    for tab in &tabs {
        tab.until_text("mempool-count", SECOND, |text| text == "1").await?;
        let waiting = tab.mempool().await?;
        let [payment] = waiting.as_slice() else { anyhow::bail!("{waiting:?}") };
        ensure!(payment.data == MESSAGE && payment.amount == "42" && payment.to == payee, "{payment:?}");
        ensure!(payment.height == before.height + 1, "not for the next block: {payment:?}");
        ensure!(tab.status().await?.tip == before.tip, "the chain changed by a payment");
    }

    payer.mine(true).await?;
    let mined = |status: &node_wasm::api::Status| {
        holds(status.mempool == 0 && status.height > before.height, status.height)
    };
    payer.until("the payment to be mined", PATIENCE, mined).await?;
    payer.mine(false).await?;
    let tip = payer.status().await?;
    for tab in &tabs {
        tab.until("the same tip", 2 * SECOND, |status| holds(status.tip == tip.tip, status.height)).await?;
        let received = tab.account(&payee).await?;
        ensure!(received.balance == "42", "{received:?}");
        let owner = tab.account(&before.address).await?;
        // Every reward is the payer's, and so is the fee.
        ensure!(owner.balance == (u64::from(tip.height) * 5000 - 42).to_string(), "{owner:?}");
        let block = tab.block(before.height + 1).await?;
        let [payment] = block.transactions.as_slice() else { anyhow::bail!("{block:?}") };
        ensure!(payment.data == MESSAGE && payment.state == TransactionState::Confirmed, "{payment:?}");
    }
    tabs[1].until_text("balance", SECOND, |text| text == "42").await?;
    browser.is_content(&[]).await
}

/// What is wrong is refused at its field, and nothing is sent.
#[tokio::test]
async fn a_wrong_payment_is_refused_where_it_is_wrong() -> Result<()> {
    let relay = Relay::start()?;
    let browser = Browser::start().await?;
    let tab = browser.open(&relay.link("refusals")).await?;
    let own = tab.status().await?.address;

    // Whose field the error stands at, by the id of what describes the field.
    let check = async |to: &str, amount: &str, data: &str, field: &str, reason: &str| {
        pay(&tab, to, amount, data).await?;
        let shown = async || {
            let error = tab.text("send-error").await?;
            holds(error.to_lowercase().contains(reason), error)?;
            let invalid: Vec<String> = tab
                .run("return [...document.querySelectorAll('[aria-invalid=true]')].map((e) => e.dataset.test);", vec![])
                .await?;
            holds(invalid == [field], invalid)
        };
        until(format!("{reason:?} at {field}"), 2 * SECOND, shown).await?;
        holds(tab.status().await?.mempool == 0, "a payment was sent")
    };
    check(&own, "1", "", "send-amount", "can be spent").await?;
    check("tab1nonsense", "1", "", "send-to", "address").await?;
    check(&own, "1.5", "", "send-amount", "whole number").await?;
    check(&own, "-1", "", "send-amount", "whole number").await?;
    check(&own, "", "", "send-amount", "amount").await?;
    check(&own, "1", &"x".repeat(513), "send-data", "513").await?;

    earn(&tab).await?;
    tab.send(&own, 1, "").await?;
    tab.mine(true).await?;
    tab.until("the payment to be mined", PATIENCE, |status| holds(status.mempool == 0, status.mempool))
        .await?;
    tab.mine(false).await?;
    let replayed = json!({ "to": own, "amount": "1", "fee": "1", "nonce": 0 });
    let refused = tab.refusal("send", vec![replayed]).await?;
    ensure!(refused.message.contains("nonce") || refused.code.contains("nonce"), "{refused:?}");
    let overspend = json!({ "to": own, "amount": "999999999", "fee": "1" });
    ensure!(tab.refusal("send", vec![overspend]).await?.code == "insufficient-funds", "another reason");
    ensure!(tab.status().await?.mempool == 0, "something was sent");
    browser.is_content(&[]).await
}
