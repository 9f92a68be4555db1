//! How figures are written for people. Whole-number arithmetic only: float formatting would cost the page
//! kilobytes. Figures that a program may read are written plain, without separators.

use node_wasm::api::{
    Connection, ConnectionView, Imported, Status, Storage, SyncOutcome, Synced, Verified, Via,
};
pub use node_wasm::api::{count, plural};

use crate::route::{Place, Route};

/// What stands for a figure that the node has not told yet.
pub const UNKNOWN: &str = "–";

/// What stands on the page while the node is possibly cut off.
pub const ISOLATED: &str = "Possibly isolated: for two minutes this node has been shown more of the room than it was given. \
    Try another relay or network. Others may also run another version.";

/// The name of the tab: where one is, in which room.
#[must_use]
pub fn page_title(route: &Route, status: Option<&Status>) -> String {
    let room = &route.room;
    let place = match &route.place {
        Place::Home => {
            return match status {
                Some(status) => format!("#{} {room} · Tabchain", status.height),
                None => format!("{room} · Tabchain"),
            };
        }
        Place::Blocks => "Blocks",
        Place::Block(_) => "Block",
        Place::Payment(_) => "Payment",
        Place::Account(_) => "Account",
        Place::Peer(_) => "Peer",
        Place::Wallet(_) => "Wallet",
        Place::Miner => "Miner",
        Place::Node => "Node",
        Place::Invite => "Invite",
        Place::Search(_) => "Search",
        Place::Nowhere(_) => "No such page",
    };
    format!("{place} · {room} · Tabchain")
}

/// The blocks above a height: `block 4`, `blocks 4 to 6`.
#[must_use]
pub fn blocks_above(height: u32, number: usize) -> String {
    let low = u64::from(height) + 1;
    match number {
        1 => format!("block {low}"),
        _ => format!("blocks {low} to {}", u64::from(height) + number as u64),
    }
}

/// A duration in its largest fitting unit: `12 s`, `3 min`, `5 h`, `2 d`.
#[must_use]
pub fn duration(ms: u64) -> String {
    let seconds = ms / 1000;
    match seconds {
        0..=99 => format!("{seconds} s"),
        100..=5_999 => format!("{} min", seconds / 60),
        6_000..=172_799 => format!("{} h", seconds / 3_600),
        172_800.. => format!("{} d", seconds / 86_400),
    }
}

/// How long ago something was: `12 s ago`; a clock that runs behind makes it `just now`.
#[must_use]
pub fn age(now_ms: u64, then_ms: u64) -> String {
    match now_ms.saturating_sub(then_ms) {
        0..=999 => "just now".to_owned(),
        ms => format!("{} ago", duration(ms)),
    }
}

/// A hash rate as number and unit, three digits at most before the unit grows: `("1.23", "MH/s")`.
#[must_use]
pub fn hash_rate(per_second: f64) -> (String, &'static str) {
    // Out of range and NaN become the nearest bound or 0: `as` saturates.
    let rate = per_second as u64;
    match rate {
        0..=999 => (rate.to_string(), "H/s"),
        1_000..=999_999 => (hundredths(rate, 1_000), "kH/s"),
        1_000_000..=999_999_999 => (hundredths(rate, 1_000_000), "MH/s"),
        1_000_000_000.. => (hundredths(rate, 1_000_000_000), "GH/s"),
    }
}

/// A size: `812 B`, `12.50 kB`.
#[must_use]
pub fn bytes(size: u64) -> String {
    match size {
        0..=999 => format!("{size} B"),
        1_000..=999_999 => format!("{} kB", hundredths(size, 1_000)),
        1_000_000.. => format!("{} MB", hundredths(size, 1_000_000)),
    }
}

fn hundredths(value: u64, unit: u64) -> String {
    format!("{}.{:02}", value / unit, value % unit * 100 / unit)
}

/// A long identifier in a sentence: `tab1…qqwxyz`, as elements show it, which are whole and shortened by style.
#[must_use]
pub fn short(id: &str) -> String {
    match (id.get(..4), id.len().checked_sub(6).and_then(|end| id.get(end..))) {
        (Some(head), Some(tail)) if id.len() > 14 => format!("{head}…{tail}"),
        _ => id.to_owned(),
    }
}

/// The state of the relay connection in its word.
#[must_use]
pub const fn connection_word(state: Connection) -> &'static str {
    match state {
        Connection::Online => "online",
        Connection::Connecting => "connecting",
        Connection::Offline => "offline",
        Connection::Off => "off",
    }
}

/// The state of the relay connection in a sentence that goes on after the word.
#[must_use]
pub fn connection_sentence(view: &ConnectionView, now_ms: u64) -> String {
    match view.state {
        Connection::Online => "Tabs anywhere can join.".to_owned(),
        Connection::Connecting => "Looking for the relay.".to_owned(),
        Connection::Off => "Only tabs of this browser can join.".to_owned(),
        Connection::Offline => {
            let retry = match view.retry_at {
                Some(at) if at <= now_ms => "Trying again.".to_owned(),
                Some(at) => format!("Retrying in {} s.", at.saturating_sub(now_ms).div_ceil(1000)),
                None => "Retrying when the network is back.".to_owned(),
            };
            if view.reason.is_empty() { retry } else { format!("{retry} {}", sentence(&view.reason)) }
        }
    }
}

/// A lower-case error text as a sentence.
#[must_use]
pub fn sentence(text: &str) -> String {
    let mut chars = text.trim().chars();
    let Some(first) = chars.next() else { return String::new() };
    let end = if text.trim().ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{}{}{end}", first.to_uppercase(), chars.as_str())
}

/// How a peer is reached, in a word.
#[must_use]
pub const fn via(via: Via) -> &'static str {
    match via {
        Via::Broadcast => "this browser",
        Via::Relay => "relay",
    }
}

/// Where the chain is kept, in a sentence.
#[must_use]
pub const fn storage(storage: Storage) -> &'static str {
    match storage {
        Storage::Persistent => "On disk. The browser promised to keep it.",
        Storage::BestEffort => "On disk. The browser may clear it when short of space.",
        Storage::Memory => "In memory. It is lost when this tab closes.",
    }
}

/// What a sync came to, in a sentence.
#[must_use]
pub fn synced(synced: &Synced) -> String {
    match synced.outcome {
        SyncOutcome::Replaced => {
            format!("Replaced: a peer had a better chain, up to block {}.", synced.height)
        }
        SyncOutcome::AlreadyBest => {
            format!("Already best: no peer has a better chain than yours, at block {}.", synced.height)
        }
        SyncOutcome::NoPeers => {
            "No peers: there is nobody to ask. Open this link in a second tab.".to_owned()
        }
    }
}

/// What a chain file brought, in a sentence.
#[must_use]
pub fn imported(imported: &Imported) -> String {
    match imported.blocks {
        0 => "Nothing new: the chain has every block of the file.".to_owned(),
        new => format!("The file brought {}. The tip is block {}.", count(new, "new block"), imported.height),
    }
}

/// What checking the chain came to, in a sentence.
#[must_use]
pub fn verified(verified: &Verified) -> String {
    match &verified.error {
        None if verified.valid => {
            format!(
                "Valid: all {} from genesis to {} hold.",
                count(u64::from(verified.height) + 1, "block"),
                verified.height
            )
        }
        None => format!("Not valid after block {}.", verified.height),
        Some(bad) if bad.height == 0 => {
            format!("All blocks hold, but {}. The next start makes it anew.", bad.rule)
        }
        Some(bad) => format!(
            "Not valid at block {} ({}): {} Reset your chain to load it again from your peers.",
            bad.height,
            short(&bad.hash),
            sentence(&bad.rule)
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use node_wasm::api::BadBlock;

    #[test]
    fn durations_take_the_largest_fitting_unit() {
        let check = |ms: u64, expect: &str| assert_eq!(duration(ms), expect, "{ms}");
        check(0, "0 s");
        check(99_999, "99 s");
        check(100_000, "1 min");
        check(5_999_999, "99 min");
        check(6_000_000, "1 h");
        check(172_800_000, "2 d");
        assert_eq!(age(5, 1_000_000), "just now");
        assert_eq!(age(1_000_000, 0), "16 min ago");
    }

    #[test]
    fn rates_and_sizes_keep_two_digits() {
        let check = |rate: f64, expect: (&str, &str)| {
            let (number, unit) = hash_rate(rate);
            assert_eq!((number.as_str(), unit), expect, "{rate}");
        };
        check(f64::NAN, ("0", "H/s"));
        check(-1.0, ("0", "H/s"));
        check(999.9, ("999", "H/s"));
        check(1_000.0, ("1.00", "kH/s"));
        check(7_845_999.0, ("7.84", "MH/s"));
        check(2_050_000_000.0, ("2.05", "GH/s"));
        assert_eq!(bytes(999), "999 B");
        assert_eq!(bytes(262_144), "262.14 kB");
    }

    #[test]
    fn long_ids_are_shortened_at_characters() {
        assert_eq!(short("tab1qqqqqqqqqqqqwxyz"), "tab1…qqwxyz");
        assert_eq!(short("tab1"), "tab1");
        assert_eq!(short("ääääääääääääääää"), "ää…äää");
        assert_eq!(short("aäääääääääääää"), "aäääääääääääää");
    }

    #[test]
    fn one_is_singular() {
        let counts = [count(0, "tab"), count("1", "tab"), count(2_u32, "tab"), count("11", "tab")];
        assert_eq!(counts, ["0 tabs", "1 tab", "2 tabs", "11 tabs"]);
        assert_eq!((blocks_above(3, 1).as_str(), blocks_above(3, 2).as_str()), ("block 4", "blocks 4 to 5"));
    }

    #[test]
    fn an_offline_relay_says_when_and_why() {
        let view = |retry_at, reason: &str| ConnectionView {
            state: Connection::Offline,
            relay: String::new(),
            reason: reason.to_owned(),
            retry_at,
        };
        assert_eq!(connection_sentence(&view(Some(4_001), ""), 1_000), "Retrying in 4 s.");
        assert_eq!(
            connection_sentence(&view(Some(1), "no relay answered"), 9),
            "Trying again. No relay answered."
        );
        assert_eq!(connection_sentence(&view(None, ""), 0), "Retrying when the network is back.");
    }

    #[test]
    fn a_bad_block_is_named_with_its_rule() {
        let error =
            BadBlock { height: 7, hash: "00ab".to_owned(), rule: "C-11: the merkle root differs".to_owned() };
        let text = verified(&Verified { valid: false, height: 6, error: Some(error) });
        assert!(text.contains("block 7 (00ab): C-11: the merkle root differs."), "{text}");
        let error = BadBlock { height: 0, hash: String::new(), rule: "the snapshot is damaged".to_owned() };
        let text = verified(&Verified { valid: false, height: 6, error: Some(error) });
        assert_eq!(text, "All blocks hold, but the snapshot is damaged. The next start makes it anew.");
        assert!(verified(&Verified { valid: true, height: 0, error: None }).contains("all 1 block "));
    }
}
