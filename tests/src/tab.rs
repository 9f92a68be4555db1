//! A tab: the page as a program sees it, by `window.tabchain`, and as a person does, by its elements' `data-test` names.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, ensure};
use node_wasm::api::{
    AccountView, BlockView, Connection, MiningView, PeerView, Sent, Status, TransactionView,
};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use thirtyfour::{By, WebElement, WindowHandle};

use crate::browser::Browser;
use crate::clock::{holds, until};

/// How long a page may take until its node answers: much, as tests run beside other work.
const READY_LIMIT: Duration = Duration::from_secs(20);
/// How long an element may take to show up.
const ELEMENT_LIMIT: Duration = Duration::from_secs(5);

/// Calls a method of `window.tabchain` and tells how it went.
const CALL: &str = "
    const [method, given, done] = arguments;
    if (!window.tabchain) return done({ error: { code: 'no-api', message: 'window.tabchain is not there' } });
    window.tabchain[method](...given).then(
        (value) => done({ value: value ?? null }),
        (error) => done({ error: { code: String(error.code), message: String(error.message) } }),
    );";

/// Notes every block of the chain as it comes, with the time.
const WATCH: &str = "
    window.blocksSeen = [];
    window.tabchain.on('block', ({ height, hash }) =>
        window.blocksSeen.push({ height, hash, at: Date.now() }));";

/// Resolves once the node is at a height, to the time since the page was asked for.
const REACH: &str = "
    const [height, limit, done] = arguments;
    const look = async () => {
        const status = await window.tabchain?.status().catch(() => undefined);
        if (status?.height >= height) return done(performance.now());
        if (performance.now() > limit) return done(null);
        setTimeout(look, 10);
    };
    look();";

/// A refusal of `window.tabchain`.
#[derive(Clone, Debug, Deserialize)]
pub struct Refused {
    /// The rule's or the error's name.
    pub code: String,
    /// For people.
    pub message: String,
}

/// A block that a watched tab has told of.
#[derive(Clone, Debug, Deserialize)]
pub struct BlockSeen {
    /// Its height.
    pub height: u32,
    /// Its hash.
    pub hash: String,
    /// When, in Unix milliseconds.
    pub at: f64,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Answer {
    Value(Value),
    Error(Refused),
}

/// An open tab.
#[derive(Clone, Debug)]
pub struct Tab {
    browser: Arc<Browser>,
    window: WindowHandle,
}

impl Tab {
    pub(crate) const fn new(browser: Arc<Browser>, window: WindowHandle) -> Self {
        Self { browser, window }
    }

    // ---- The tab itself

    /// Opens a link and waits until the page's node answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn goto(&self, link: &str) -> Result<()> {
        self.navigate(link).await?;
        self.ready().await
    }

    /// Opens a link and waits for nothing.
    ///
    /// # Errors
    /// When there is nothing to open.
    pub async fn navigate(&self, link: &str) -> Result<()> {
        self.browser.on(&self.window, async |session| Ok(session.goto(link).await?)).await
    }

    /// Goes to a place of the room that is open, as a link does: `node`, `block/12`; the empty one is the room itself.
    /// The page is drawn when an element is there that only that place has.
    ///
    /// # Errors
    /// When the page cannot run scripts.
    pub async fn visit(&self, place: &str) -> Result<()> {
        const VISIT: &str = "
            const [, room] = location.hash.match(/^#\\/room\\/([^/]+)/) ?? [null, 'lobby'];
            location.hash = '#/room/' + room + (arguments[0] && '/' + arguments[0]);
            return null;";
        self.run::<()>(VISIT, vec![json!(place)]).await
    }

    /// Loads the page again and waits until its node answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn reload(&self) -> Result<()> {
        self.browser.on(&self.window, async |session| Ok(session.refresh().await?)).await?;
        self.ready().await
    }

    async fn ready(&self) -> Result<()> {
        until("the node to answer", READY_LIMIT, async || self.status().await).await?;
        Ok(())
    }

    /// Minimises the tab's window, which hides its page.
    ///
    /// # Errors
    /// When the tab is closed.
    pub async fn hide(&self) -> Result<()> {
        self.browser.on(&self.window, async |session| Ok(session.minimize_window().await?)).await
    }

    /// Closes the tab.
    ///
    /// # Errors
    /// When it is closed already.
    pub async fn close(self) -> Result<()> {
        self.browser.on(&self.window, async |session| Ok(session.close_window().await?)).await
    }

    /// Speaks the browser's own protocol to the tab.
    ///
    /// # Errors
    /// What the browser objects to.
    pub async fn devtools(&self, command: &str, parameters: Value) -> Result<Value> {
        let act =
            async |session: &thirtyfour::WebDriver| Ok(session.cdp().send_raw(command, parameters).await?);
        self.browser.on(&self.window, act).await
    }

    /// Runs a script in the page; its value.
    ///
    /// # Errors
    /// When it throws, or its value is of another kind.
    pub async fn run<T: DeserializeOwned>(&self, script: &str, arguments: Vec<Value>) -> Result<T> {
        let act = async |session: &thirtyfour::WebDriver| {
            Ok(session.execute(script, arguments).await?.convert()?)
        };
        self.browser.on(&self.window, act).await
    }

    /// Runs a script that ends by calling its last argument; what it called that with.
    ///
    /// # Errors
    /// When it throws, takes too long, or its value is of another kind.
    pub async fn run_async<T: DeserializeOwned>(&self, script: &str, arguments: Vec<Value>) -> Result<T> {
        let act = async |session: &thirtyfour::WebDriver| {
            Ok(session.execute_async(script, arguments).await?.convert()?)
        };
        self.browser.on(&self.window, act).await
    }

    // ---- The programming interface

    async fn call(&self, method: &str, arguments: Vec<Value>) -> Result<Result<Value, Refused>> {
        Ok(match self.run_async(CALL, vec![json!(method), Value::Array(arguments)]).await? {
            Answer::Value(value) => Ok(value),
            Answer::Error(refused) => Err(refused),
        })
    }

    /// What a method of `window.tabchain` resolves to.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn ask<T: DeserializeOwned>(&self, method: &str, arguments: Vec<Value>) -> Result<T> {
        let answer = self.call(method, arguments).await?;
        let value = answer.map_err(|refused| anyhow!("{method}: {}: {}", refused.code, refused.message))?;
        serde_json::from_value(value.clone()).with_context(|| format!("{method} resolved to {value}"))
    }

    /// The refusal of a method of `window.tabchain`.
    ///
    /// # Errors
    /// When it is not refused.
    pub async fn refusal(&self, method: &str, arguments: Vec<Value>) -> Result<Refused> {
        match self.call(method, arguments).await? {
            Err(refused) => Ok(refused),
            Ok(value) => Err(anyhow!("{method} was not refused: {value}")),
        }
    }

    /// The state at a glance.
    ///
    /// # Errors
    /// When there is no node.
    pub async fn status(&self) -> Result<Status> {
        self.ask("status", vec![]).await
    }

    /// Starts or stops mining.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn mine(&self, on: bool) -> Result<MiningView> {
        self.ask("mine", vec![json!({ "on": on })]).await
    }

    /// Pays; the payment's id.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn send(&self, to: &str, amount: u64, data: &str) -> Result<String> {
        let request = json!({ "to": to, "amount": amount.to_string(), "fee": "1", "data": data });
        Ok(self.ask::<Sent>("send", vec![request]).await?.id)
    }

    /// The peers.
    ///
    /// # Errors
    /// When there is no node.
    pub async fn peers(&self) -> Result<Vec<PeerView>> {
        self.ask("peers", vec![]).await
    }

    /// The waiting payments.
    ///
    /// # Errors
    /// When there is no node.
    pub async fn mempool(&self) -> Result<Vec<TransactionView>> {
        self.ask("mempool", vec![]).await
    }

    /// The block at a height of the chain.
    ///
    /// # Errors
    /// When there is none.
    pub async fn block(&self, height: u32) -> Result<BlockView> {
        self.ask("block", vec![json!(height)]).await
    }

    /// One account.
    ///
    /// # Errors
    /// When there is no such address.
    pub async fn account(&self, address: &str) -> Result<AccountView> {
        self.ask("account", vec![json!(address)]).await
    }

    /// Waits until `check` holds of the status; that status.
    ///
    /// # Errors
    /// The last failure of `check`, when the time is up.
    pub async fn until(
        &self,
        what: &str,
        limit: Duration,
        check: impl Fn(&Status) -> Result<()>,
    ) -> Result<Status> {
        let look = async || {
            let status = self.status().await?;
            check(&status).with_context(|| format!("{status:?}"))?;
            Ok(status)
        };
        until(what, limit, look).await
    }

    /// Waits for the chain to be at least so high.
    ///
    /// # Errors
    /// When the time is up.
    pub async fn until_height(&self, height: u32, limit: Duration) -> Result<Status> {
        let check = |status: &Status| holds(status.height >= height, status.height);
        self.until(&format!("height {height}"), limit, check).await
    }

    /// Waits for so many peers, no more and no less.
    ///
    /// # Errors
    /// When the time is up.
    pub async fn until_peers(&self, peers: u32, limit: Duration) -> Result<Status> {
        let check = |status: &Status| holds(status.peers == peers, status.peers);
        self.until(&format!("{peers} peers"), limit, check).await
    }

    /// Waits for a state of the relay connection.
    ///
    /// # Errors
    /// When the time is up.
    pub async fn until_connection(&self, connection: Connection, limit: Duration) -> Result<Status> {
        let check = |status: &Status| holds(status.connection == connection, status.connection);
        self.until(&format!("the connection to be {connection:?}"), limit, check).await
    }

    /// Waits in the page itself for a height; the milliseconds since the page was asked for.
    ///
    /// # Errors
    /// When the time is up.
    pub async fn reach(&self, height: u32, limit: Duration) -> Result<f64> {
        let limit_ms = limit.as_secs_f64() * 1000.0;
        let took: Option<f64> = self.run_async(REACH, vec![json!(height), json!(limit_ms)]).await?;
        took.with_context(|| format!("height {height} not reached within {limit:?}"))
    }

    /// Notes from here on every block that the node tells of.
    ///
    /// # Errors
    /// When there is no node.
    pub async fn watch(&self) -> Result<()> {
        self.run(WATCH, vec![]).await
    }

    /// The blocks since [`Self::watch`].
    ///
    /// # Errors
    /// When the tab is not watched.
    pub async fn blocks_seen(&self) -> Result<Vec<BlockSeen>> {
        self.run("return window.blocksSeen;", vec![]).await
    }

    // ---- The page

    /// Waits for an element and does something with it. An element that is drawn anew meanwhile is found again.
    async fn element<T>(&self, name: &str, act: impl AsyncFn(WebElement) -> Result<T>) -> Result<T> {
        let find = async || {
            let css = format!("[data-test='{name}']");
            self.browser.on(&self.window, async |session| act(session.find(By::Css(css)).await?).await).await
        };
        until(format!("the element {name}"), ELEMENT_LIMIT, find).await
    }

    /// The text of an element, all of it, whether in sight or not.
    ///
    /// # Errors
    /// When there is no such element.
    pub async fn text(&self, name: &str) -> Result<String> {
        self.attribute(name, "textContent").await
    }

    /// A property of an element.
    ///
    /// # Errors
    /// When there is no such element, or it has no such property.
    pub async fn attribute(&self, name: &str, property: &str) -> Result<String> {
        let read = async |element: WebElement| element.prop(property).await?.context("no such property");
        Ok(self.element(name, read).await?.trim().to_owned())
    }

    /// The texts of all elements of a name, in the order of the page.
    ///
    /// # Errors
    /// When the tab is gone.
    pub async fn texts(&self, name: &str) -> Result<Vec<String>> {
        let script = "return [...document.querySelectorAll(`[data-test='${arguments[0]}']`)].map((e) => e.textContent.trim());";
        self.run(script, vec![json!(name)]).await
    }

    /// An attribute of all elements of a name.
    ///
    /// # Errors
    /// When the tab is gone.
    pub async fn attributes(&self, name: &str, attribute: &str) -> Result<Vec<String>> {
        let script = "return [...document.querySelectorAll(`[data-test='${arguments[0]}']`)].map((e) => e.getAttribute(arguments[1]) ?? '');";
        self.run(script, vec![json!(name), json!(attribute)]).await
    }

    /// Clicks on an element, as a person does: it has to be in reach.
    ///
    /// # Errors
    /// When there is none, or something covers it.
    pub async fn click(&self, name: &str) -> Result<()> {
        self.element(name, async |element| Ok(element.click().await?)).await
    }

    /// Types a text into a field in place of what is there.
    ///
    /// # Errors
    /// When there is no such field.
    pub async fn fill(&self, name: &str, text: &str) -> Result<()> {
        let fill = async |element: WebElement| {
            element.clear().await?;
            Ok(element.send_keys(text).await?)
        };
        self.element(name, fill).await
    }

    /// Waits until the text of an element satisfies `check`; that text.
    ///
    /// # Errors
    /// The last text, when the time is up.
    pub async fn until_text(
        &self,
        name: &str,
        limit: Duration,
        check: impl Fn(&str) -> bool,
    ) -> Result<String> {
        let look = async || {
            let text = self.text(name).await?;
            ensure!(check(&text), "{name} shows {text:?}");
            Ok(text)
        };
        until(format!("the text of {name}"), limit, look).await
    }
}
