//! The few things of the platform that everything here needs: clock, timers, entropy, properties, messages.

use std::future::Future;

use borsh::{BorshDeserialize, BorshSerialize};
use futures::channel::oneshot;
use futures::future::{Either, select};
use js_sys::{Date, Function, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use web_sys::{DedicatedWorkerGlobalScope, ErrorEvent};

use crate::codec::{decode, encode};
use crate::units::Timestamp;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(handler: &Function, ms: f64) -> JsValue;
    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(id: &JsValue);
}

/// The longest timeout that browsers keep; a longer one would fire at once.
const TIMEOUT_MS_MAX: f64 = 2_000_000_000.0;

/// The clock.
pub(super) fn now() -> Timestamp {
    Timestamp(Date::now() as u64)
}

/// Random bytes of the platform's generator.
pub(super) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("every browser that runs wasm has crypto.getRandomValues");
    bytes
}

/// A running timeout; dropping it stops it.
pub(super) struct Timer {
    id: JsValue,
    _handler: Closure<dyn FnMut()>,
}

impl Timer {
    /// Calls `handler` once, after `ms`.
    pub(super) fn after(ms: f64, handler: impl FnOnce() + 'static) -> Self {
        let handler = Closure::once(handler);
        let id = set_timeout(handler.as_ref().unchecked_ref(), ms.clamp(0.0, TIMEOUT_MS_MAX));
        Self { id, _handler: handler }
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        clear_timeout(&self.id);
    }
}

/// Waits; other events are handled meanwhile. The timer ends with the wait, also where that is given up.
pub(super) async fn sleep(ms: f64) {
    let (ring, rung) = oneshot::channel();
    let _timer = Timer::after(ms, move || {
        // Whoever gave up waiting does not mind.
        let _ = ring.send(());
    });
    // The sender lives in the timer.
    let _ = rung.await;
}

/// What `future` gives, or `None` when it takes longer than `ms`.
pub(super) async fn within<T>(ms: f64, future: impl Future<Output = T>) -> Option<T> {
    match select(Box::pin(future), Box::pin(sleep(ms))).await {
        Either::Left((value, _)) => Some(value),
        Either::Right(_) => None,
    }
}

/// Tells the worker's owner when the worker breaks: by `message`, which says why. Neither a panic nor an exception in
/// a task is an error event of the worker.
pub(super) fn on_broken<T: BorshSerialize>(
    scope: &DedicatedWorkerGlobalScope,
    message: impl Fn(String) -> T + Copy + Send + Sync + 'static,
) -> Result<(), JsValue> {
    let post = move |why: String| {
        if let Ok(scope) = js_sys::global().dyn_into::<DedicatedWorkerGlobalScope>() {
            // Nobody is left to tell that it cannot be told.
            let _ = scope.post_message(&to_js(&message(why)));
        }
    };
    std::panic::set_hook(Box::new(move |panic| post(panic.to_string())));
    let handler = Closure::<dyn FnMut(JsValue)>::new(move |event: JsValue| {
        post(text_of(&property(&event, "reason")));
    });
    let callback = handler.as_ref().unchecked_ref();
    scope.add_event_listener_with_callback("unhandledrejection", callback)?;
    handler.forget();
    Ok(())
}

/// A property, `undefined` where there is none.
pub(super) fn property(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).unwrap_or(JsValue::UNDEFINED)
}

/// Sets a property of an object made here.
pub(super) fn set_property(object: &JsValue, name: &str, value: &JsValue) {
    Reflect::set(object, &name.into(), value).expect("a plain object takes properties");
}

/// `navigator`, in a page as in a worker.
pub(super) fn navigator() -> JsValue {
    property(&js_sys::global(), "navigator")
}

/// What went wrong, in words.
pub(super) fn text_of(error: &JsValue) -> String {
    let message = property(error, "message").as_string();
    message.or_else(|| error.as_string()).unwrap_or_else(|| format!("{error:?}"))
}

/// Why a worker broke, as its error event has it.
pub(super) fn reason_of(event: &ErrorEvent) -> String {
    // A file that does not load reports no message.
    let message = property(event, "message").as_string().filter(|text| !text.is_empty());
    message.unwrap_or_else(|| "its file did not load".to_owned())
}

/// A message as another thread gets it: bytes in the codec of everything else.
pub(super) fn to_js<T: BorshSerialize>(message: &T) -> JsValue {
    Uint8Array::from(encode(message).as_slice()).into()
}

/// A message from another thread.
pub(super) fn from_js<T: BorshDeserialize>(message: &JsValue) -> Result<T, String> {
    let bytes: &Uint8Array = message.dyn_ref().ok_or("not a message")?;
    decode(&bytes.to_vec()).map_err(|error| error.to_string())
}
