//! A proof as JSON has it: hashes, keys, headers and the message in hex, the address and the amount as the API writes
//! them. Every field is needed and no other is taken, so that a text means one proof or none.

use std::fmt::Display;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{FormError, PaymentProof, VERSION, check_version};
use crate::codec::decode;
use crate::crypto::{PublicKey, Signature};
use crate::primitives::merkle::Sibling;
use crate::primitives::{Header, Payment, Transaction};
use crate::units::Height;

/// [`PaymentProof`] in texts and numbers.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Proof {
    version: u16,
    payment: SignedPayment,
    height: u32,
    path: Vec<Step>,
    headers: Vec<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SignedPayment {
    sender: String,
    recipient: String,
    amount: String,
    fee: String,
    nonce: u64,
    data: String,
    signature: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Step {
    Left(String),
    Right(String),
}

impl From<PaymentProof> for Proof {
    fn from(proof: PaymentProof) -> Self {
        let Transaction { payment, signature } = proof.payment;
        let step = |sibling| match sibling {
            Sibling::Left(digest) => Step::Left(hex::encode(digest)),
            Sibling::Right(digest) => Step::Right(hex::encode(digest)),
        };
        Self {
            version: VERSION,
            payment: SignedPayment {
                sender: hex::encode(payment.sender.0),
                recipient: payment.recipient.to_string(),
                amount: payment.amount.to_string(),
                fee: payment.fee.to_string(),
                nonce: payment.nonce,
                data: hex::encode(payment.data),
                signature: hex::encode(signature.0),
            },
            height: proof.height.0,
            path: proof.path.into_iter().map(step).collect(),
            headers: proof.headers.iter().map(|header| hex::encode(header.bytes())).collect(),
        }
    }
}

impl TryFrom<Proof> for PaymentProof {
    type Error = FormError;

    fn try_from(json: Proof) -> Result<Self, FormError> {
        check_version(json.version)?;
        let payment = json.payment;
        let step = |step: &Step| match step {
            Step::Left(text) => bytes("path", text).map(Sibling::Left),
            Step::Right(text) => bytes("path", text).map(Sibling::Right),
        };
        let header = |text: &String| Ok(decode::<Header>(&bytes::<{ Header::SIZE }>("headers", text)?)?);
        Self {
            payment: Transaction {
                payment: Payment {
                    sender: PublicKey(bytes("sender", &payment.sender)?),
                    recipient: parsed("recipient", &payment.recipient)?,
                    amount: parsed("amount", &payment.amount)?,
                    fee: parsed("fee", &payment.fee)?,
                    nonce: payment.nonce,
                    data: hex::decode(&payment.data).map_err(|error| wrong("data", error))?,
                },
                signature: Signature(bytes("signature", &payment.signature)?),
            },
            height: Height(json.height),
            path: json.path.iter().map(step).collect::<Result<_, _>>()?,
            headers: json.headers.iter().map(header).collect::<Result<_, FormError>>()?,
        }
        .bounded()
    }
}

fn bytes<const N: usize>(field: &'static str, text: &str) -> Result<[u8; N], FormError> {
    let mut bytes = [0; N];
    let read = hex::decode_to_slice(text, &mut bytes);
    read.map(|()| bytes).map_err(|_| wrong(field, format!("expected {} hexadecimal digits", 2 * N)))
}

fn parsed<T: FromStr<Err: Display>>(field: &'static str, text: &str) -> Result<T, FormError> {
    text.parse().map_err(|error| wrong(field, error))
}

fn wrong(field: &'static str, reason: impl Display) -> FormError {
    FormError::Text { field, reason: reason.to_string() }
}
