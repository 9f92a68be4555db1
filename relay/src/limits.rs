//! What the relay gives a stranger, in named bounds with their reasons. All of them are enforced in
//! [`crate::rooms`], but for those of the queues, which [`crate::hub`] and [`crate::socket`] keep.

/// Sockets at once. A silent one costs about 10 KB, so that all of them fit a machine of 512 MB.
pub const SOCKETS_MAX: usize = 16_384;

/// Rooms at once. A room costs a map entry and lives only while someone is in it: every socket may have its own.
pub const ROOMS_MAX: usize = SOCKETS_MAX;

/// Members of one room. A cast costs one delivery per member, so this bounds what one message can cause; a lecture
/// hall fits.
pub const MEMBERS_MAX: usize = 512;

/// A socket that has not joined by then is closed: it holds a place and does nothing.
pub const JOIN_MS_MAX: u64 = 10_000;

/// A socket that says nothing for so long is closed. Seven of the pings that a client sends every 8 s are lost.
pub const IDLE_MS_MAX: u32 = 60_000;

/// A member that said nothing for so long loses its id to a newcomer that cannot prove to be the same: two pings of
/// 8 s each are overdue.
pub const TAKEOVER_SILENCE_MS: u64 = 20_000;

/// Envelopes that a socket may send at once: to greet a full room, and announce and sync on top of it.
pub const MESSAGES_BURST: u64 = 8_192;
/// Envelopes per second after the burst. A node that serves a class in sync sends some hundred.
pub const MESSAGES_PER_SECOND: u64 = 1_000;

/// Bytes that a socket may send at once: twenty tabs join at once and ask one peer for 10,000 small blocks each.
pub const BYTES_BURST: u64 = 64 << 20;
/// Bytes per second after the burst: a fast uplink, so that honest peers are held up by their own line first.
pub const BYTES_PER_SECOND: u64 = 16 << 20;

/// Bytes that a socket may cast at once: two of the largest blocks. Each byte goes to all of the room, so a cast is
/// the lever for whoever wants to fill the queues of others.
pub const CAST_BYTES_BURST: u64 = 2 << 20;
/// Bytes cast per second after the burst: the largest block every two seconds, where the chain makes one in ten.
pub const CAST_BYTES_PER_SECOND: u64 = 512 << 10;

/// What may wait for a socket that does not read as fast as its room writes. The message that crosses the bound is
/// still taken: a queue can always hold one message of the largest size.
pub const QUEUED_BYTES_MAX: usize = 1 << 20;
/// What a queued message costs beside its payload, so that small ones are bounded too.
pub const QUEUED_MESSAGE_BYTES: usize = 64;
/// A message that waits longer than this ends the connection: whoever is so far behind does better to join again.
pub const BEHIND_MS_MAX: u64 = 10_000;

/// How long a client has to answer the close of its connection, or to take the last bytes that wait for it.
pub const CLOSE_MS_MAX: u64 = 3_000;

/// When to come back to a relay that restarts. Clients add jitter of their own.
pub const RESTART_RETRY_MS: u32 = 1_000;
/// When to come back to a full room or relay: places are freed by people, not by milliseconds.
pub const FULL_RETRY_MS: u32 = 10_000;
/// When to come back after sending too fast: the burst has partly filled up again.
pub const PACE_RETRY_MS: u32 = 5_000;
