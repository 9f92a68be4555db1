//! One slot's IndexedDB database: plain reads and atomic writes.
//!
//! Stores: `blocks` (height to record), `mempool` (id to record) and `meta` (the secret seed, the settings, the
//! genesis, the snapshot, each a record as well; see [`crate::host::record`]). Within a transaction everything is issued at once and the end awaited:
//! an await of anything else would commit it half-way. Left out: when to write, which is the writer's.

use idb::{
    Database, DatabaseEvent as _, Factory, KeyRange, ObjectStore, ObjectStoreParams, Query, Transaction,
    TransactionMode,
};
use js_sys::{Array, Object, Uint8Array};
use wasm_bindgen::prelude::*;
use web_sys::{IdbDatabase, IdbTransaction};
use zeroize::Zeroizing;

use super::js::{set_property, text_of, within};
use crate::host::record;
use crate::host::unwritten::Batch;
use crate::primitives::TransactionId;

const SCHEMA: u32 = 1;
const BLOCKS: &str = "blocks";
const MEMPOOL: &str = "mempool";
const META: &str = "meta";
const SNAPSHOT: &str = "snapshot";

/// The database answers within this, in milliseconds, or is taken for broken: a request whose transaction has
/// ended otherwise waits for ever.
const ANSWER_MS_MAX: f64 = 20_000.0;

#[wasm_bindgen]
extern "C" {
    /// `IDBDatabase` with the options argument that web-sys keeps behind an unstable flag.
    type DatabaseWithOptions;
    #[wasm_bindgen(method, catch)]
    fn transaction(
        this: &DatabaseWithOptions,
        stores: &Array,
        mode: &str,
        options: &Object,
    ) -> Result<IdbTransaction, JsValue>;
}

/// Why the store did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum DiskError {
    #[error("the browser's store refused: {0}")]
    Refused(String),
    #[error("the browser's store does not answer")]
    Silent,
    #[error("the browser's store is full, or it gave up")]
    Aborted,
}

impl From<idb::Error> for DiskError {
    fn from(error: idb::Error) -> Self {
        Self::Refused(error.to_string())
    }
}

/// A value of `meta`. Not to be printed: the seed is one.
pub(super) enum Meta {
    /// As it was written.
    Intact(Vec<u8>),
    /// Not as it was written: the record as it is.
    Damaged(Vec<u8>),
}

impl Meta {
    /// The value, where it is intact.
    pub(super) fn intact(self) -> Option<Vec<u8>> {
        match self {
            Self::Intact(value) => Some(value),
            Self::Damaged(_) => None,
        }
    }
}

/// An open database.
pub(super) struct Disk {
    database: Database,
    /// The same, for the option that the crate does not know.
    with_options: DatabaseWithOptions,
}

impl Disk {
    /// Opens the database `name`, and makes it where there is none.
    pub(super) async fn open(name: &str) -> Result<Self, DiskError> {
        let mut request = Factory::new()?.open(name, Some(SCHEMA))?;
        request.on_upgrade_needed(|event| {
            // A failure here fails the opening, which is reported.
            if let Ok(database) = event.database() {
                for store in [BLOCKS, MEMPOOL, META] {
                    let _ = database.create_object_store(store, ObjectStoreParams::new());
                }
            }
        });
        let opened = within(ANSWER_MS_MAX, request.into_future()).await.ok_or(DiskError::Silent)??;
        let raw: IdbDatabase = opened.into();
        let with_options = raw.clone().unchecked_into();
        Ok(Self { database: raw.into(), with_options })
    }

    /// A value of `meta`.
    pub(super) async fn meta(&self, key: &str) -> Result<Option<Meta>, DiskError> {
        Ok(self.meta_record(key).await?.map(|record| match record::open(&record) {
            Some(value) => Meta::Intact(value.to_vec()),
            None => Meta::Damaged(record.to_vec()),
        }))
    }

    /// The snapshot's record.
    pub(super) async fn snapshot(&self) -> Result<Option<Zeroizing<Vec<u8>>>, DiskError> {
        self.meta_record(SNAPSHOT).await
    }

    async fn meta_record(&self, key: &str) -> Result<Option<Zeroizing<Vec<u8>>>, DiskError> {
        let transaction = self.database.transaction(&[META], TransactionMode::ReadOnly)?;
        let request = transaction.object_store(META)?.get(JsValue::from(key))?;
        let value = within(ANSWER_MS_MAX, request.into_future()).await.ok_or(DiskError::Silent)??;
        Ok(value.map(|value| Zeroizing::new(bytes_of(&value))))
    }

    /// Sets a value of `meta`. When it returns, the value is on the disk itself, not in a buffer.
    pub(super) async fn set_meta(&self, key: &str, value: &[u8]) -> Result<(), DiskError> {
        let transaction = self.strict_transaction(META)?;
        let record = Zeroizing::new(record::seal(value));
        transaction.object_store(META)?.put(&value_of(&record), Some(&key.into()))?;
        commit(transaction).await
    }

    /// The records from height `from` on, at most `count`, in order.
    pub(super) async fn blocks(&self, from: u32, count: u32) -> Result<Vec<(u32, Vec<u8>)>, DiskError> {
        let transaction = self.database.transaction(&[BLOCKS], TransactionMode::ReadOnly)?;
        let (keys, values) = read_all(&transaction.object_store(BLOCKS)?, Some(from), count).await?;
        let height = |key: &JsValue| key.as_f64().unwrap_or_default() as u32;
        Ok(keys.iter().map(height).zip(values.iter().map(bytes_of)).collect())
    }

    /// The ids and records of at most `count` waiting payments.
    pub(super) async fn mempool(&self, count: u32) -> Result<Vec<(TransactionId, Vec<u8>)>, DiskError> {
        let transaction = self.database.transaction(&[MEMPOOL], TransactionMode::ReadOnly)?;
        let (keys, values) = read_all(&transaction.object_store(MEMPOOL)?, None, count).await?;
        let id = |key: &JsValue| key.as_string()?.parse().ok();
        Ok(keys.iter().zip(&values).filter_map(|(key, value)| Some((id(key)?, bytes_of(value)))).collect())
    }

    /// Deletes every record from height `from` on.
    pub(super) async fn truncate(&self, from: u32) -> Result<(), DiskError> {
        let transaction = self.database.transaction(&[BLOCKS], TransactionMode::ReadWrite)?;
        transaction.object_store(BLOCKS)?.delete(KeyRange::lower_bound(&from.into(), None)?)?;
        commit(transaction).await
    }

    /// Writes a batch: all of it, or nothing.
    pub(super) async fn write(&self, batch: &Batch) -> Result<(), DiskError> {
        let transaction = self.database.transaction(&[BLOCKS, MEMPOOL, META], TransactionMode::ReadWrite)?;
        let (blocks, mempool) = (transaction.object_store(BLOCKS)?, transaction.object_store(MEMPOOL)?);
        let meta = transaction.object_store(META)?;
        if batch.clear {
            blocks.clear()?;
            mempool.clear()?;
            meta.delete(JsValue::from(SNAPSHOT))?;
        }
        if let Some(record) = &batch.snapshot {
            put_or_delete(&meta, JsValue::from(SNAPSHOT), record.as_deref())?;
        }
        for (height, record) in &batch.blocks {
            put_or_delete(&blocks, JsValue::from(*height), record.as_deref())?;
        }
        for (id, bytes) in &batch.mempool {
            put_or_delete(&mempool, JsValue::from(id.to_string()), bytes.as_deref())?;
        }
        commit(transaction).await
    }

    fn strict_transaction(&self, store: &str) -> Result<Transaction, DiskError> {
        let options = Object::new();
        set_property(&options, "durability", &"strict".into());
        let transaction = self.with_options.transaction(&Array::of1(&store.into()), "readwrite", &options);
        transaction.map(Into::into).map_err(|error| DiskError::Refused(text_of(&error)))
    }
}

async fn read_all(
    store: &ObjectStore,
    from: Option<u32>,
    count: u32,
) -> Result<(Vec<JsValue>, Vec<JsValue>), DiskError> {
    let range = match from {
        Some(from) => Some(Query::KeyRange(KeyRange::lower_bound(&from.into(), None)?)),
        None => None,
    };
    // Both are asked for before either is awaited, so that they are of one transaction.
    let keys = store.get_all_keys(range.clone(), Some(count))?.into_future();
    let values = store.get_all(range, Some(count))?.into_future();
    let both = futures::future::join(keys, values);
    let (keys, values) = within(ANSWER_MS_MAX, both).await.ok_or(DiskError::Silent)?;
    Ok((keys?, values?))
}

fn put_or_delete(store: &ObjectStore, key: JsValue, value: Option<&[u8]>) -> Result<(), DiskError> {
    match value {
        Some(value) => drop(store.put(&value_of(value), Some(&key))?),
        None => drop(store.delete(key)?),
    }
    Ok(())
}

async fn commit(transaction: Transaction) -> Result<(), DiskError> {
    let end = transaction.commit()?.into_future();
    let end = within(ANSWER_MS_MAX, end).await.ok_or(DiskError::Silent)?;
    if end.is_ok_and(|end| end.is_committed()) { Ok(()) } else { Err(DiskError::Aborted) }
}

fn value_of(bytes: &[u8]) -> JsValue {
    Uint8Array::from(bytes).into()
}

/// A value that is not bytes reads as none, which no record is.
fn bytes_of(value: &JsValue) -> Vec<u8> {
    value.dyn_ref::<Uint8Array>().map(Uint8Array::to_vec).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test;

    fn blocks(entries: &[(u32, Option<&[u8]>)]) -> Batch {
        let blocks = entries.iter().map(|(height, record)| (*height, record.map(<[u8]>::to_vec)));
        Batch { blocks: blocks.collect(), ..Batch::default() }
    }

    async fn seed(disk: &Disk) -> Option<Vec<u8>> {
        disk.meta("seed").await.expect("an answer").and_then(Meta::intact)
    }

    #[test]
    async fn what_was_written_is_read_in_the_order_of_heights() {
        let name = format!("test/{}", hex::encode(super::super::js::random::<8>()));
        let disk = Disk::open(&name).await.expect("a database");
        assert!(matches!(disk.meta("seed").await, Ok(None)));
        disk.set_meta("seed", &[1, 2, 3]).await.expect("written");
        disk.write(&blocks(&[(10, Some(&[10])), (2, Some(&[2])), (1, Some(&[1]))])).await.expect("written");
        disk.write(&blocks(&[(2, Some(&[22])), (10, None)])).await.expect("written");
        drop(disk);

        let disk = Disk::open(&name).await.expect("the same database");
        assert_eq!(seed(&disk).await, Some(vec![1, 2, 3]));
        assert_eq!(disk.blocks(1, 10).await, Ok(vec![(1, vec![1]), (2, vec![22])]));
        assert_eq!(disk.blocks(2, 10).await, Ok(vec![(2, vec![22])]));
        assert_eq!(disk.blocks(1, 1).await, Ok(vec![(1, vec![1])]));
        disk.truncate(2).await.expect("deleted");
        assert_eq!(disk.blocks(1, 10).await, Ok(vec![(1, vec![1])]));
        disk.write(&Batch { clear: true, ..blocks(&[(5, Some(&[5]))]) }).await.expect("written");
        assert_eq!(disk.blocks(1, 10).await, Ok(vec![(5, vec![5])]));
        assert_eq!(seed(&disk).await, Some(vec![1, 2, 3]), "the seed survives a reset");
    }

    #[test]
    async fn ten_thousand_blocks_take_a_second_or_so() {
        let name = format!("test/{}", hex::encode(super::super::js::random::<8>()));
        let disk = Disk::open(&name).await.expect("a database");
        let batch = Batch {
            blocks: (1..=10_000).map(|height| (height, Some(vec![7; 300]))).collect(),
            ..Batch::default()
        };
        let began = super::super::js::now();
        disk.write(&batch).await.expect("written");
        let took = super::super::js::now().ms_since(began);
        assert!(took < 10_000, "{took} ms");
        assert_eq!(disk.blocks(9_999, 10).await.map(|read| read.len()), Ok(2));
    }
}
