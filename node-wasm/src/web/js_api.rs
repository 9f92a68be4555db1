//! `window.tabchain`: the node's calls for scripts of the page, as `www/tabchain.d.ts` types them.
//!
//! Every call returns a promise; a refusal rejects with an `Error` that has a `code`, and a `field` where one is at
//! fault. Arguments are checked here: a wrong one is refused as `bad-argument` and never gets further.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use js_sys::{Error, Function, Object, Promise, Uint8Array};
use serde::Serialize;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::future_to_promise;

use super::client::NodeClient;
use super::js::{property, set_property};
use crate::api::{ApiError, Command, MineRequest, Reply, SendRequest, Update};

/// The events that [`expose`]'s `on` knows.
const EVENTS: [&str; 8] =
    ["block", "reorg", "transaction", "peers", "connection", "mining", "verifying", "log"];

type Callbacks = Rc<RefCell<BTreeMap<u32, Box<(String, Function)>>>>;

/// Sets `window.tabchain` to the calls of `client`, in place of any other node's.
pub fn expose(client: &NodeClient) {
    let api = Object::new();
    add(&api, client, "status", |_, _| Ok(Command::Status));
    add(&api, client, "mine", |request, _| {
        let fields = Fields::of(&request, &["on", "workers", "intensity"])?;
        Ok(Command::Mine(MineRequest {
            on: fields.flag("on")?,
            workers: fields.number("workers")?,
            intensity: fields.number("intensity")?,
        }))
    });
    add(&api, client, "send", |request, _| {
        let fields = Fields::of(&request, &["to", "amount", "fee", "data", "nonce"])?;
        Ok(Command::Send(SendRequest {
            to: fields.text("to")?.unwrap_or_default(),
            amount: fields.text("amount")?.unwrap_or_default(),
            fee: fields.text("fee")?,
            data: fields.text("data")?,
            nonce: fields.number("nonce")?.map(u64::from),
        }))
    });
    add(&api, client, "block", |which, _| {
        let height = which.as_f64().filter(|height| height.fract() == 0.0 && *height >= 0.0);
        let block = height.map(|height| (height as u64).to_string()).or_else(|| which.as_string());
        let block = block.ok_or_else(|| wrong("heightOrHash", "a whole number or a string"))?;
        Ok(Command::Block { block })
    });
    add(&api, client, "transaction", |id, _| Ok(Command::Transaction { id: text(&id, "id")? }));
    add(&api, client, "account", |address, _| Ok(Command::Account { address: text(&address, "address")? }));
    add(&api, client, "mempool", |_, _| Ok(Command::Mempool));
    add(&api, client, "peers", |_, _| Ok(Command::Peers));
    add(&api, client, "connect", |relay, _| Ok(Command::Connect { relay: present(&relay, "relay", text)? }));
    add(&api, client, "disconnect", |_, _| Ok(Command::Disconnect));
    add(&api, client, "sync", |_, _| Ok(Command::Sync));
    add(&api, client, "verify", |_, _| Ok(Command::Verify));
    add(&api, client, "export", |_, _| Ok(Command::Export));
    add(&api, client, "import", |file, _| {
        let bytes = file.dyn_ref::<Uint8Array>().map(Uint8Array::to_vec);
        let bytes = bytes.or_else(|| file.is_instance_of::<js_sys::ArrayBuffer>().then(|| bytes_of(&file)));
        Ok(Command::Import { bytes: bytes.ok_or_else(|| wrong("file", "a Uint8Array"))? })
    });
    add(&api, client, "blocks", |from, count| {
        let from = present(&from, "from", number)?;
        Ok(Command::Blocks { from, count: present(&count, "count", number)?.unwrap_or(20) })
    });
    add(&api, client, "reset", |_, _| Ok(Command::Reset));
    add_events(&api, client);
    set_property(&js_sys::global(), "tabchain", &Object::freeze(&api));
}

/// Adds a call of up to two arguments.
fn add(
    api: &Object,
    client: &NodeClient,
    name: &str,
    command: impl Fn(JsValue, JsValue) -> Result<Command, ApiError> + 'static,
) {
    let client = client.clone();
    let call = Closure::<dyn Fn(JsValue, JsValue) -> Promise>::new(move |first, second| {
        let (client, command) = (client.clone(), command(first, second));
        future_to_promise(async move {
            let reply = match command {
                Ok(command) => client.call(command).await,
                Err(error) => Err(error),
            };
            reply.map(|reply| value_of(&reply)).map_err(|error| error_of(&error))
        })
    });
    set_property(api, name, &call.into_js_value());
}

fn add_events(api: &Object, client: &NodeClient) {
    let callbacks = Callbacks::default();
    let listeners = callbacks.clone();
    client.subscribe(move |update| dispatch(&listeners, update));
    let next = Cell::new(0u32);
    let on = Closure::<dyn Fn(JsValue, JsValue) -> Result<JsValue, JsValue>>::new(
        move |event: JsValue, callback: JsValue| {
            let name = event.as_string().filter(|name| EVENTS.contains(&name.as_str()));
            let name =
                name.ok_or_else(|| error_of(&wrong("event", &format!("one of {}", EVENTS.join(", ")))))?;
            let callback: Function =
                callback.dyn_into().map_err(|_| error_of(&wrong("callback", "a function")))?;
            let id = next.get();
            next.set(id.wrapping_add(1));
            callbacks.borrow_mut().insert(id, Box::new((name, callback)));
            let registered = callbacks.clone();
            let off = Closure::<dyn Fn()>::new(move || drop(registered.borrow_mut().remove(&id)));
            Ok(off.into_js_value())
        },
    );
    set_property(api, "on", &on.into_js_value());
}

fn dispatch(callbacks: &Callbacks, update: &Update) {
    let (event, value) = match update {
        Update::Block(value) => ("block", plain(value)),
        Update::Reorg(value) => ("reorg", plain(value)),
        Update::Transaction(value) => ("transaction", plain(value)),
        Update::Peers(value) => ("peers", plain(value)),
        Update::Connection(value) => ("connection", plain(value)),
        Update::Mining(value) => ("mining", plain(value)),
        Update::Verifying(value) => ("verifying", plain(value)),
        Update::Log(value) => ("log", plain(value)),
        Update::Status(_) | Update::Forgotten | Update::Notice(_) => return,
    };
    let called: Vec<Function> = callbacks
        .borrow()
        .values()
        .filter(|listener| listener.0 == event)
        .map(|listener| listener.1.clone())
        .collect();
    for callback in called {
        if let Err(error) = callback.call1(&JsValue::UNDEFINED, &value) {
            // One script's mistake is shown where scripts' mistakes are shown, and hurts nobody else.
            report_error(&error);
        }
    }
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = reportError)]
    fn report_error(error: &JsValue);
}

fn value_of(reply: &Reply) -> JsValue {
    match reply {
        Reply::Status(value) => plain(value),
        Reply::Mining(value) => plain(value),
        Reply::Sent(value) => plain(value),
        Reply::Block(value) => plain(value),
        Reply::Blocks(value) => plain(value),
        Reply::Transaction(value) => plain(value),
        Reply::Account(value) => plain(value),
        Reply::Mempool(value) => plain(value),
        Reply::Peers(value) => plain(value),
        Reply::Connection(value) => plain(value),
        Reply::Synced(value) => plain(value),
        Reply::Verified(value) => plain(value),
        Reply::Imported(value) => plain(value),
        Reply::Exported(bytes) => Uint8Array::from(bytes.as_slice()).into(),
        Reply::Done => JsValue::UNDEFINED,
    }
}

fn plain<T: Serialize>(value: &T) -> JsValue {
    let serializer = serde_wasm_bindgen::Serializer::json_compatible();
    value.serialize(&serializer).expect("views are plain data that serialises")
}

fn error_of(error: &ApiError) -> JsValue {
    let value = Error::new(&error.message);
    value.set_name("TabchainError");
    set_property(&value, "code", &error.code.as_str().into());
    if let Some(field) = &error.field {
        set_property(&value, "field", &field.as_str().into());
    }
    value.into()
}

fn bad_argument(field: &str, message: String) -> ApiError {
    ApiError { code: "bad-argument".to_owned(), message, field: Some(field.to_owned()) }
}

/// An argument or field of another type.
fn wrong(field: &str, kind: &str) -> ApiError {
    bad_argument(field, format!("{field} must be {kind}"))
}

/// The properties of an argument that is an object.
struct Fields<'a>(&'a JsValue);

impl<'a> Fields<'a> {
    /// Refuses what is no object, and an object with other properties than `known`: a misspelt one is not ignored.
    fn of(object: &'a JsValue, known: &[&str]) -> Result<Self, ApiError> {
        let plain = object.dyn_ref::<Object>();
        let plain = plain.ok_or_else(|| wrong("argument", &format!("an object of {}", known.join(", "))))?;
        for key in Object::keys(plain).iter().filter_map(|key| key.as_string()) {
            if !known.contains(&key.as_str()) {
                return Err(bad_argument(&key, format!("unknown field {key:?}")));
            }
        }
        Ok(Self(object))
    }

    fn flag(&self, name: &str) -> Result<bool, ApiError> {
        property(self.0, name).as_bool().ok_or_else(|| wrong(name, "true or false"))
    }

    fn text(&self, name: &str) -> Result<Option<String>, ApiError> {
        present(&property(self.0, name), name, text)
    }

    fn number(&self, name: &str) -> Result<Option<u32>, ApiError> {
        present(&property(self.0, name), name, number)
    }
}

fn text(value: &JsValue, name: &str) -> Result<String, ApiError> {
    value.as_string().ok_or_else(|| wrong(name, "a string"))
}

fn number(value: &JsValue, name: &str) -> Result<u32, ApiError> {
    let number = value.as_f64().filter(|number| number.fract() == 0.0);
    let number = number.filter(|number| (0.0..=f64::from(u32::MAX)).contains(number));
    Ok(number.ok_or_else(|| wrong(name, "a whole number"))? as u32)
}

/// What `read` makes of a value, unless it is left out.
fn present<T>(
    value: &JsValue,
    name: &str,
    read: fn(&JsValue, &str) -> Result<T, ApiError>,
) -> Result<Option<T>, ApiError> {
    if value.is_undefined() || value.is_null() { Ok(None) } else { read(value, name).map(Some) }
}

fn bytes_of(buffer: &JsValue) -> Vec<u8> {
    Uint8Array::new(buffer).to_vec()
}
