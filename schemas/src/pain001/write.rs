//! Writing. The same message gives the same bytes.

use super::xml::Xml;
use super::{Batch, CLEARING_SYSTEM, MAX_FILE_BYTES, Message, NAMESPACE, Transfer, is_id};
use crate::jst::Millis;
use crate::zengin::kana::{Charset, ZenginText};
use crate::zengin::transfer::{Header, MAX_AMOUNT, Payment, Reference, TransferClass};
use crate::zengin::{Account, AccountKind, Place, Room, Unfit, WriteError, dated, fit, fit_name};
use std::collections::HashSet;

/// The document, UTF-8, indented; or the first value that it cannot carry.
pub fn write(message: &Message) -> Result<String, WriteError> {
    let file = |e: Unfit| e.at(Place::File);
    let message_id = id("MsgId", &message.message_id).map_err(file)?;
    let created = created(message.created).map_err(file)?;
    let first = message.batches.first().ok_or_else(|| file(Unfit::new("PmtInf", "at least one", "none")))?;
    let totals = message.totals().map_err(file)?;

    let mut xml = Xml::new();
    xml.open_with("Document", ("xmlns", NAMESPACE));
    xml.open("CstmrCdtTrfInitn");
    xml.open("GrpHdr");
    xml.leaf("MsgId", message_id);
    xml.leaf("CreDtTm", &created);
    xml.leaf("NbOfTxs", &totals.count.to_string());
    xml.leaf("CtrlSum", &totals.amount.get().to_string());
    party(&mut xml, "InitgPty", &first.header).map_err(|e| e.at(Place::Header { group: 0 }))?;
    xml.close("GrpHdr");
    let mut ids = HashSet::new();
    for (group, batch) in message.batches.iter().enumerate() {
        batch_start(&mut xml, batch, group)?;
        for (item, transfer) in batch.transfers.iter().enumerate() {
            let place = Place::Item { group, item };
            if !ids.insert(transfer.end_to_end_id.as_str()) {
                let expected = "an id that no payment before it has";
                return Err(Unfit::new("EndToEndId", expected, &transfer.end_to_end_id).at(place));
            }
            payment(&mut xml, transfer).map_err(|e| e.at(place))?;
            if xml.len() > MAX_FILE_BYTES {
                return Err(file(Unfit::new("size", format!("at most {MAX_FILE_BYTES} bytes"), "more")));
            }
        }
        xml.close("PmtInf");
    }
    xml.close("CstmrCdtTrfInitn");
    xml.close("Document");
    Ok(xml.finish())
}

/// Everything of a batch before its payments.
fn batch_start(xml: &mut Xml, batch: &Batch, group: usize) -> Result<(), WriteError> {
    let totals = batch.totals().map_err(|e| e.at(Place::Trailer { group }))?;
    let header = |e: Unfit| e.at(Place::Header { group });
    xml.open("PmtInf");
    xml.leaf("PmtInfId", id("PmtInfId", &batch.id).map_err(header)?);
    xml.leaf("PmtMtd", "TRF");
    xml.leaf("NbOfTxs", &totals.count.to_string());
    xml.leaf("CtrlSum", &totals.amount.get().to_string());
    xml.open("ReqdExctnDt");
    xml.leaf("Dt", &dated("transfer date", batch.header.date).map_err(header)?.to_string());
    xml.close("ReqdExctnDt");
    party(xml, "Dbtr", &batch.header).map_err(header)?;
    let account = &batch.header.account;
    match account.kind {
        AccountKind::Ordinary | AccountKind::Current | AccountKind::Other => {}
        AccountKind::Savings => {
            return Err(header(Unfit::new("account kind", "ordinary, current or other", "savings")));
        }
    }
    account_number(xml, "DbtrAcct", account);
    agent(xml, "DbtrAgt", account).map_err(header)
}

fn payment(xml: &mut Xml, transfer: &Transfer) -> Result<(), Unfit> {
    let Payment { account, payee_name, amount, new_code: _, reference, class } = &transfer.payment;
    match class {
        TransferClass::Wire => {}
        TransferClass::Document => return Err(Unfit::new("transfer class", "by wire", "by document")),
    }
    if !(1..=MAX_AMOUNT.get()).contains(&amount.get()) {
        return Err(Unfit::new("amount", format!("1 to {}", MAX_AMOUNT.get()), amount.get()));
    }
    xml.open("CdtTrfTxInf");
    xml.open("PmtId");
    xml.leaf("EndToEndId", id("EndToEndId", &transfer.end_to_end_id)?);
    xml.close("PmtId");
    xml.open("Amt");
    xml.leaf_with("InstdAmt", ("Ccy", "JPY"), &amount.get().to_string());
    xml.close("Amt");
    agent(xml, "CdtrAgt", account)?;
    xml.open("Cdtr");
    xml.leaf("Nm", &fit_name("payee name", payee_name, 30)?.to_string());
    let codes = match reference {
        Reference::Codes { first, second } => [("CUSTOMER CODE 1", *first), ("CUSTOMER CODE 2", *second)],
        Reference::Edi(_) => [("", 0); 2],
    };
    customer_codes(xml, codes)?;
    xml.close("Cdtr");
    account_number(xml, "CdtrAcct", account);
    if let Reference::Edi(text) = reference {
        let text = fit("EDI text", text, Charset::Edi, Room::Refuse(20))?;
        if text.is_empty() {
            return Err(Unfit::new("EDI text", "a text", "nothing but spaces"));
        }
        xml.open("RmtInf");
        xml.leaf("Ustrd", &text.to_string());
        xml.close("RmtInf");
    }
    xml.close("CdtTrfTxInf");
    Ok(())
}

fn customer_codes(xml: &mut Xml, codes: [(&'static str, u64); 2]) -> Result<(), Unfit> {
    if codes.iter().all(|(_, code)| *code == 0) {
        return Ok(());
    }
    xml.open("Id");
    xml.open("PrvtId");
    for (scheme, code) in codes.into_iter().filter(|(_, code)| *code != 0) {
        if code >= 10_000_000_000 {
            return Err(Unfit::new("customer code", "at most 10 digits", code));
        }
        xml.open("Othr");
        xml.leaf("Id", &format!("{code:010}"));
        xml.open("SchmeNm");
        xml.leaf("Prtry", scheme);
        xml.close("SchmeNm");
        xml.close("Othr");
    }
    xml.close("PrvtId");
    xml.close("Id");
    Ok(())
}

fn party(xml: &mut Xml, name: &'static str, header: &Header) -> Result<(), Unfit> {
    xml.open(name);
    xml.leaf("Nm", &fit_name("client name", &header.client_name, 40)?.to_string());
    xml.open("Id");
    xml.open("OrgId");
    xml.open("Othr");
    xml.leaf("Id", &header.client_code.to_string());
    xml.close("Othr");
    xml.close("OrgId");
    xml.close("Id");
    xml.close(name);
    Ok(())
}

fn account_number(xml: &mut Xml, name: &'static str, account: &Account) {
    xml.open(name);
    xml.open("Id");
    xml.open("Othr");
    xml.leaf("Id", &account.number.to_string());
    xml.close("Othr");
    xml.close("Id");
    xml.open("Tp");
    xml.leaf("Prtry", &char::from(account.kind.digit()).to_string());
    xml.close("Tp");
    xml.close(name);
}

fn agent(xml: &mut Xml, name: &'static str, account: &Account) -> Result<(), Unfit> {
    let fitted = |field, text: &str| fit(field, text, Charset::Bank, Room::Cut(15));
    let optional = |xml: &mut Xml, text: &ZenginText| {
        if !text.is_empty() {
            xml.leaf("Nm", &text.to_string());
        }
    };
    let branch = fitted("branch name", &account.branch_name)?;
    xml.open(name);
    xml.open("FinInstnId");
    xml.open("ClrSysMmbId");
    xml.open("ClrSysId");
    xml.leaf("Cd", CLEARING_SYSTEM);
    xml.close("ClrSysId");
    xml.leaf("MmbId", &format!("{}{}", account.bank, account.branch));
    xml.close("ClrSysMmbId");
    optional(xml, &fitted("bank name", &account.bank_name)?);
    xml.close("FinInstnId");
    if !branch.is_empty() {
        xml.open("BrnchId");
        optional(xml, &branch);
        xml.close("BrnchId");
    }
    xml.close(name);
    Ok(())
}

fn id<'a>(field: &'static str, id: &'a str) -> Result<&'a str, Unfit> {
    if is_id(id) {
        return Ok(id);
    }
    let expected = "1 to 35 letters, digits, spaces and / - ? : ( ) . , ' + (no / or space at either end, no //)";
    Err(Unfit::new(field, expected, format!("{:?}", id.chars().take(48).collect::<String>())))
}

fn created(at: Millis) -> Result<String, Unfit> {
    let text = at.jst_text();
    if Millis::parse(&text) == Some(at) {
        Ok(text)
    } else {
        Err(Unfit::new("CreDtTm", "a time of the years 0 to 9999", text))
    }
}
