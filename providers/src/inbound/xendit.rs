//! Xendit's invoice webhook: somebody paid, or did not.
//!
//! Source: Xendit's "Invoice callback" page, as gathered in providers.md. There is **no** `event` field; duplicates and
//! callbacks out of order are normal (PAID, then SETTLED, is one payment).

use std::fmt;

use jiff::Timestamp;
use serde_json::Value;

use super::fields::{Fields, InvalidBody, json};

/// An invoice, as it is now.
#[derive(Clone, PartialEq, Eq)]
pub struct Payment {
    /// Xendit's id of the invoice.
    pub invoice_id: String,
    /// Ours: the transaction.
    pub external_id: String,
    pub status: PaymentStatus,
    pub amount: Amount,
    /// What was paid of it; this is what people are told.
    pub paid_amount: Option<Amount>,
    /// Default of the invoice's account; `IDR`.
    pub currency: Option<String>,
    pub paid_at: Option<Timestamp>,
    pub payer_email: Option<String>,
    pub payment_method: Option<String>,
    pub payment_channel: Option<String>,
    pub description: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PaymentStatus {
    Pending,
    Paid,
    /// Paid, and the money has arrived.
    Settled,
    Expired,
}

/// Money in hundredths of its unit; rupiah have none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Amount {
    pub hundredths: i64,
}

impl Amount {
    /// Rounded down.
    pub fn whole(self) -> i64 {
        self.hundredths / 100
    }
}

impl Payment {
    /// Reads a callback's body.
    pub fn parse(body: &[u8]) -> Result<Self, InvalidBody> {
        let value = json(body)?;
        let fields = Fields::of(&value);
        let status = match fields.required("status")?.to_ascii_uppercase().as_str() {
            "PENDING" => PaymentStatus::Pending,
            "PAID" => PaymentStatus::Paid,
            "SETTLED" => PaymentStatus::Settled,
            "EXPIRED" => PaymentStatus::Expired,
            _ => return Err(fields.wrong("status", "is none of PENDING, PAID, SETTLED, EXPIRED")),
        };
        Ok(Self {
            invoice_id: fields.required("id")?,
            external_id: fields.required("external_id")?,
            status,
            amount: amount(&fields, "amount")?.ok_or_else(|| fields.wrong("amount", "is missing"))?,
            paid_amount: amount(&fields, "paid_amount")?,
            currency: fields.text("currency")?,
            paid_at: fields.moment("paid_at")?,
            payer_email: fields.text("payer_email")?,
            payment_method: fields.text("payment_method")?,
            payment_channel: fields.text("payment_channel")?,
            description: fields.text("description")?,
        })
    }

    pub fn is_paid(&self) -> bool {
        match self.status {
            PaymentStatus::Paid | PaymentStatus::Settled => true,
            PaymentStatus::Pending | PaymentStatus::Expired => false,
        }
    }

    /// The same for every repeat of one callback: the header `webhook-id` where there is one, else invoice and status.
    pub fn dedupe_key(&self, webhook_id: Option<&str>) -> String {
        match webhook_id.filter(|id| !id.is_empty()) {
            Some(id) => format!("webhook:{id}"),
            None => format!("{}:{:?}", self.invoice_id, self.status),
        }
    }
}

fn amount(fields: &Fields<'_>, name: &str) -> Result<Option<Amount>, InvalidBody> {
    let wrong = || fields.wrong(name, "is no amount of money");
    match fields.get(name) {
        None => Ok(None),
        Some(Value::Number(number)) => {
            let hundredths = match number.as_i64() {
                Some(whole) => whole.checked_mul(100),
                // Less than 2^53, so nothing is lost.
                None => number.as_f64().filter(|money| *money < 9e13).map(|money| (money * 100.0).round() as i64),
            };
            hundredths.filter(|money| *money >= 0).map(|hundredths| Some(Amount { hundredths })).ok_or_else(wrong)
        }
        Some(_) => Err(wrong()),
    }
}

/// Who paid is theirs.
impl fmt::Debug for Payment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Payment")
            .field("invoice_id", &self.invoice_id)
            .field("external_id", &self.external_id)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// What Xendit's dashboard sends as a test.
    const TEST: &str = r#"{"id":"579c8d61f23fa4ca35e52da4","external_id":"invoice_123124123","user_id":"5781d19b2e2385880609791c","is_high":true,"payment_method":"BANK_TRANSFER","status":"PAID","merchant_name":"Xendit","amount":50000,"paid_amount":50000,"bank_code":"PERMATA","paid_at":"2016-10-12T08:15:03.404Z","payer_email":"wildan@xendit.co"}"#;

    #[test]
    fn the_test_payload_is_a_payment() {
        let payment = Payment::parse(TEST.as_bytes()).unwrap();
        assert_eq!(payment.external_id, "invoice_123124123");
        assert!(payment.is_paid());
        assert_eq!((payment.amount.whole(), payment.paid_amount.map(Amount::whole)), (50_000, Some(50_000)));
        assert_eq!(payment.paid_at.unwrap().to_string(), "2016-10-12T08:15:03.404Z");
        assert_eq!(payment.dedupe_key(None), "579c8d61f23fa4ca35e52da4:Paid");
        assert_eq!(payment.dedupe_key(Some("w-1")), "webhook:w-1");
        assert!(!format!("{payment:?}").contains("wildan"));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (change, field) in [
            (json!({ "id": null }), "id"),
            (json!({ "external_id": "" }), "external_id"),
            (json!({ "external_id": ["x"] }), "external_id"),
            (json!({ "status": "REFUNDED" }), "status"),
            (json!({ "status": null }), "status"),
            (json!({ "amount": null }), "amount"),
            (json!({ "amount": "50000" }), "amount"),
            (json!({ "amount": -1 }), "amount"),
            (json!({ "amount": 1e300 }), "amount"),
            (json!({ "paid_at": "yesterday" }), "paid_at"),
        ] {
            let mut body: Value = serde_json::from_str(TEST).unwrap();
            body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            let wrong = Payment::parse(body.to_string().as_bytes()).expect_err(field);
            assert_eq!(wrong.field, field);
        }
        assert_eq!(Payment::parse(b"<html>").expect_err("no JSON").field, "body");
        assert_eq!(Payment::parse(b"[]").expect_err("no object").field, "body");
    }

    #[test]
    fn money_is_exact() {
        let paid = |amount: &str| {
            Payment::parse(TEST.replace("\"amount\":50000", &format!("\"amount\":{amount}")).as_bytes()).unwrap().amount
        };
        assert_eq!(paid("150000.0").whole(), 150_000);
        assert_eq!(paid("100.29").hundredths, 10_029);
        assert_eq!(paid("0").hundredths, 0);
    }
}
