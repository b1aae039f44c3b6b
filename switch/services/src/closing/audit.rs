//! For auditors: the signed head of each day, its verification, and the journal as tables.

use super::commands::DaySigned;
use crate::error::{Result, ServiceError, not_now, unfit};
use crate::{Services, Who};
use kazasu_core::{Closing, Command};
use kazasu_ledger::AccountKey;
use kazasu_ledger::record::{self, Fold, HeadSigned, Place, kind_name, signed_text};
use kazasu_ledger::signed::{Checked, SignError, Signature, Signer};
use kazasu_schemas::guard::guarded;
use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::money::Unit;
use kazasu_security::files::PrivateFile;
use kazasu_store::Store;
use kazasu_store::records::{Placed, Records};
use kazasu_text::Text;
use kazasu_text::problems::ProblemText;
use ring::signature::{ED25519, UnparsedPublicKey};
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

/// The key that days are signed with.
#[derive(Clone, Debug)]
pub struct AuditKeys(Arc<dyn Signer>);

impl AuditKeys {
    /// With this signer.
    #[must_use]
    pub fn new(signer: Arc<dyn Signer>) -> Self {
        AuditKeys(signer)
    }

    /// A certificate of a decision key. It may wait for a device.
    pub fn certify(&self, text: &str) -> Result<Signature, SignError> {
        self.0.sign(text.as_bytes())
    }

    /// Has this key, or a version of it that is known here, signed the text of a decision key?
    #[must_use]
    pub fn has_certified(&self, text: &str, certificate: &Signature) -> bool {
        self.0.check(text.as_bytes(), certificate) == Checked::Good
    }

    /// A signature, with the public key that it is of.
    fn sign(&self, text: &str) -> Result<([u8; 64], [u8; 32]), SignError> {
        let signature = self.0.sign(text.as_bytes())?;
        let public = self.0.public_of(signature.key);
        Ok((signature.bytes, public.ok_or_else(|| SignError("the key that signed is not known any more".into()))?))
    }
}

impl Services {
    /// Signs a day that is settled: its last record's hash, which covers everything before.
    pub(super) async fn sign_day(&self, day: BusinessDay, who: &Who) -> Result<DaySigned> {
        let context = self.closing_context()?;
        let keys = context.audit.clone();
        let keys = keys.ok_or_else(|| not_now("day", &ProblemText::NoAuditKey))?;
        let known = self.query(move |state| state.day_state(day)).await?;
        let (_, seq) = known.ok_or_else(|| not_now("day", &ProblemText::NotEnded { day }))?;
        let mut reader = context.store.reader().await.map_err(ServiceError::inside)?;
        let page = reader.scan(seq, 1).await.map_err(ServiceError::inside)?;
        let hash =
            page.first().map(|e| e.hash).ok_or_else(|| unfit("day", &ProblemText::RecordMissing { record: seq }))?;
        let book = self.opened_book().await?;
        // The key may be in a device, which nothing else waits for.
        let text = signed_text(&book, day, seq, &hash);
        let signed = tokio::task::spawn_blocking(move || keys.sign(&text)).await.map_err(ServiceError::inside)?;
        let (signature, key) = signed.map_err(ServiceError::inside)?;
        let signed = HeadSigned { day, seq, hash, key, signature, maker: Some(self.maker(who)) };
        let done = self.command(Command::Closing(Closing::Sign(Box::new(signed)))).await?;
        let (hash, key) = (hex::encode(hash), hex::encode(key));
        Ok(DaySigned { result: done.into(), day: day.to_string(), record: seq, hash, key })
    }
}

/// The state of a journal's signatures.
#[derive(Clone, Debug, Default, serde::Serialize, schemars::JsonSchema)]
pub struct Signed {
    /// Days that are signed.
    pub days: u64,
    /// The last of them.
    pub last_day: Option<String>,
    /// Public keys that signed, in hexadecimal.
    pub keys: Vec<String>,
}

/// Checks every signed head against the records. `trusted` are public keys; any key is taken when there is none. The error names
/// the first record that is wrong.
pub async fn check_heads(store: &dyn Store, trusted: &[[u8; 32]]) -> anyhow::Result<Signed> {
    let mut reader = store.reader().await?;
    let mut heads = Heads { trusted, ..Heads::default() };
    // Only a few kinds matter here: the book's name, days that end, and their signatures.
    let mut records = Records::from(reader.as_mut(), 1).of_kinds(|kind| matches!(kind, 0 | 14 | 53));
    while let Some(page) = records.page().await? {
        for Placed { entry, body } in page {
            heads.hash = entry.hash;
            body.fold(entry.place(), &mut heads)?;
        }
    }
    Ok(heads.out)
}

/// The context for checking the next signature.
#[derive(Default)]
struct Heads<'a> {
    trusted: &'a [[u8; 32]],
    out: Signed,
    book: String,
    /// The hash of the record that is being read.
    hash: [u8; 32],
    /// The records that ended days, with their hashes.
    ends: HashMap<u64, ([u8; 32], BusinessDay)>,
    /// Days that ended and are not signed yet, in their order.
    unsigned: std::collections::VecDeque<BusinessDay>,
}

impl Fold for Heads<'_> {
    type Error = anyhow::Error;

    fn opened(&mut self, _: Place, r: &record::Opened) -> anyhow::Result<()> {
        self.book.clone_from(&r.book);
        Ok(())
    }

    fn cut_over(&mut self, place: Place, r: &record::CutOver) -> anyhow::Result<()> {
        self.ends.insert(place.seq, (self.hash, r.closed));
        self.unsigned.push_back(r.closed);
        Ok(())
    }

    fn head_signed(&mut self, place: Place, r: &HeadSigned) -> anyhow::Result<()> {
        let (seq, day) = (place.seq, r.day);
        anyhow::ensure!(
            self.ends.get(&r.seq) == Some(&(r.hash, day)),
            "record {seq}: the head of {day} is signed over another record than {}",
            r.seq
        );
        let next = self.unsigned.pop_front();
        anyhow::ensure!(
            next == Some(day),
            "record {seq}: {day} is signed where {} is due: days are signed in their order, each once",
            next.map_or_else(|| "none".to_owned(), |d| d.to_string())
        );
        let text = signed_text(&self.book, day, r.seq, &r.hash);
        let good = UnparsedPublicKey::new(&ED25519, r.key).verify(text.as_bytes(), &r.signature);
        anyhow::ensure!(good.is_ok(), "record {seq}: the signature of {day} is not good");
        let key = hex::encode(r.key);
        anyhow::ensure!(
            self.trusted.is_empty() || self.trusted.contains(&r.key),
            "record {seq}: {day} is signed by {key}, which is not among the trusted keys"
        );
        self.out.days += 1;
        self.out.last_day = Some(day.to_string());
        if !self.out.keys.contains(&key) {
            self.out.keys.push(key);
        }
        Ok(())
    }

    kazasu_ledger::ignore_records! {
        payee_set payees_taken payee_called file_ended replaced approval_sent_back approval_withdrawn approval_lapsed acquirer_registered issuer_registered merchant_registered deposit_opened funded linked unlinked tapped
        issuer_answered issuer_silent issuer_late issuer_acknowledged totals_compared policy_activated
        temporary_issued merged card_status_set certificate_bound list_applied own_limits_set notices_chosen programme_funded
        purse_credited lapsed link_broken retarget_proposed retarget_decided resealed stood_in loss_booked
        notice_ended approval_requested approval_decided relief_batch_opened relief_rows_added relief_row_set relief_step_taken
        relief_credited relief_file_made relief_sent relief_returned relief_repaid day_marked merchant_settled
        issuer_settled money_received payout_file_made payout_taken payout_returned recon_ran exceptions_opened
        exception_noted undone loss_returned issuer_notified exceptions_ended line_undone line_set_aside
        key_destroyed clock_confirmed clock_kept advice_decided
        organisation_set person_invited person_joined person_ended key_registered key_revoked grant_ended
    }
}

fn unit(key: &AccountKey) -> String {
    match key.unit() {
        Unit::Jpy => "JPY".into(),
        Unit::Points(n) => format!("points {n}"),
        Unit::Budget => "budget JPY".into(),
    }
}

/// Writes the journal as CSV tables into a folder: records, transfers, accounts, and the dictionary that explains them.
pub(super) async fn export(store: &dyn Store, dir: &Path) -> anyhow::Result<(u64, u64)> {
    kazasu_security::files::private_folder(dir)?;
    // They say who paid what where.
    let table = |name: &str| PrivateFile::create(&dir.join(name)).map(csv::Writer::from_writer);
    let (mut records, mut transfers, mut accounts) =
        (table("records.csv")?, table("transfers.csv")?, table("accounts.csv")?);
    records.write_record(["seq", "at", "business_day", "kind", "kind_name", "transfers", "body_cbor_hex", "hash"])?;
    transfers.write_record(["seq", "leg", "kind", "debit", "credit", "amount", "unit"])?;
    accounts.write_record(["account", "key", "heading", "unit", "side", "bounded", "opened_by"])?;
    let mut keys: Vec<AccountKey> = Vec::new();
    let mut reader = store.reader().await?;
    let (mut lines, mut legs) = (0, 0);
    let mut all = Records::from(reader.as_mut(), 1);
    while let Some(page) = all.page().await? {
        for Placed { entry, body } in &page {
            for opening in body.opens() {
                if usize::try_from(opening.account.0)? == keys.len() {
                    let key = opening.key;
                    keys.push(key);
                    let side = if key.side() == kazasu_ledger::Side::Debit { "debit" } else { "credit" };
                    let bounded = if key.is_bounded() { "yes" } else { "no" };
                    accounts.write_record([
                        &opening.account.0.to_string(),
                        guarded(&key.to_string()).as_ref(),
                        key.heading().both().as_str(),
                        &unit(&key),
                        side,
                        bounded,
                        &entry.seq.to_string(),
                    ])?;
                }
            }
            let kind = kind_name(entry.kind).unwrap_or("unknown");
            records.write_record([
                &entry.seq.to_string(),
                &entry.at.jst_text(),
                &entry.day.to_string(),
                &entry.kind.to_string(),
                kind,
                &body.transfers().len().to_string(),
                &hex::encode(&entry.body),
                &hex::encode(entry.hash),
            ])?;
            lines += 1;
            for (leg, t) in body.transfers().iter().enumerate() {
                const KINDS: [&str; 5] = ["direct", "hold", "post", "void", "expire"];
                let unit = keys.get(usize::try_from(t.debit.0)?).map_or_else(String::new, unit);
                transfers.write_record([
                    &entry.seq.to_string(),
                    &leg.to_string(),
                    KINDS[usize::from(t.kind.number())],
                    &t.debit.0.to_string(),
                    &t.credit.0.to_string(),
                    &t.amount.get().to_string(),
                    &unit,
                ])?;
                legs += 1;
            }
        }
    }
    for table in [records, transfers, accounts] {
        table.into_inner().map_err(|e| anyhow::anyhow!("cannot write into {}: {e}", dir.display()))?.finish()?;
    }
    kazasu_security::files::write_private(&dir.join("DICTIONARY.md"), DICTIONARY.as_bytes())?;
    Ok((lines, legs))
}

/// The explanation of the tables.
const DICTIONARY: &str = include_str!("dictionary.md");
