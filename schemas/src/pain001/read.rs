//! Reading: ids, counts, sums and payments; what is not known is passed over.

use super::xml::{Elements, Node, XmlProblem};
use super::{Batch, CLEARING_SYSTEM, MAX_FILE_BYTES, Message, NAMESPACE, Transfer};
use crate::jst::{BusinessDay, Millis};
use crate::money::Yen;
use crate::zengin::transfer::{Header, MAX_AMOUNT, NewCode, Payment, Reference, Totals, TransferClass};
use crate::zengin::{Account, AccountKind, AccountNumber, BankCode, BranchCode, ClientCode, Unfit};

/// A document that is no pain.001.001.09 within Japan, or not one whose sums hold.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("byte {position}, {path}: expected {expected}, got {got}")]
pub struct ReadError {
    /// Byte offset in the document, just after the start tag of the element that is wrong.
    pub position: u64,
    /// The element, from the root's child on, batches and payments counted from 1:
    /// `PmtInf[1]/CdtTrfTxInf[3]/Amt/InstdAmt`.
    pub path: String,
    /// The expected content.
    pub expected: String,
    /// The content that came.
    pub got: String,
}

/// The message of a document (UTF-8). Counts and sums have been compared with the payments: [`Message::totals`].
pub fn read(bytes: &[u8]) -> Result<Message, ReadError> {
    let outside = |expected: String, got: String| ReadError { position: 0, path: "Document".into(), expected, got };
    if bytes.len() > MAX_FILE_BYTES {
        return Err(outside(format!("at most {MAX_FILE_BYTES} bytes"), format!("{}", bytes.len())));
    }
    let text = std::str::from_utf8(bytes).map_err(|e| outside("UTF-8".into(), e.to_string()))?;
    let mut elements = Elements::new(text.strip_prefix('\u{feff}').unwrap_or(text));
    let at_root = |e: XmlProblem| problem("Document", e);

    let (name, namespace) = elements.root().map_err(at_root)?;
    if (name.as_str(), namespace.as_str()) != ("Document", NAMESPACE) {
        return Err(outside(format!("Document of {NAMESPACE}"), format!("{name} of {namespace:?}")));
    }
    match elements.enter().map_err(at_root)? {
        Some(start) if start.local_name().as_ref() == "CstmrCdtTrfInitn" => {}
        Some(start) => return Err(outside("CstmrCdtTrfInitn".into(), start.local_name().as_ref().to_owned())),
        None => return Err(outside("CstmrCdtTrfInitn".into(), "nothing".into())),
    }
    let mut group_header = None;
    let mut batches = Vec::new();
    while let Some(start) = elements.enter().map_err(at_root)? {
        match start.local_name().as_ref() {
            "PmtInf" => batches.push(batch(&mut elements, batches.len() + 1)?),
            "GrpHdr" => group_header = Some(elements.tree(&start).map_err(|e| problem("GrpHdr", e))?),
            other => drop(elements.tree(&start).map_err(|e| problem(other, e))?),
        }
    }
    for _end in ["CstmrCdtTrfInitn", "Document"] {
        if let Some(start) = elements.enter().map_err(at_root)? {
            return Err(outside("nothing after CstmrCdtTrfInitn".into(), start.local_name().as_ref().to_owned()));
        }
    }
    let node = group_header.ok_or_else(|| outside("a GrpHdr".into(), "none".into()))?;
    let header = At { node: &node, path: "GrpHdr".to_owned() };
    let created = header.need(&["CreDtTm"])?;
    let message = Message {
        message_id: header.need(&["MsgId"])?.text().to_owned(),
        created: Millis::parse(created.text()).ok_or_else(|| created.wrong("a date and time with its offset"))?,
        batches,
    };
    header.need(&["NbOfTxs"])?;
    check(&header, message.totals())?;
    Ok(message)
}

fn problem(path: &str, XmlProblem { at, expected, got }: XmlProblem) -> ReadError {
    ReadError { position: at, path: path.to_owned(), expected, got }
}

/// An element and the way to it.
#[derive(Clone)]
struct At<'a> {
    node: &'a Node,
    path: String,
}

impl<'a> At<'a> {
    fn text(&self) -> &'a str {
        &self.node.text
    }

    /// The element under these names, if it is there.
    fn maybe(&self, names: &[&str]) -> Option<At<'a>> {
        let node = self.node.find(names)?;
        Some(At { node, path: format!("{}/{}", self.path, names.join("/")) })
    }

    fn need(&self, names: &[&str]) -> Result<At<'a>, ReadError> {
        self.maybe(names).ok_or_else(|| ReadError {
            position: self.node.at,
            path: self.path.clone(),
            expected: format!("a {}", names.join("/")),
            got: "none".to_owned(),
        })
    }

    /// The text under these names; empty when there is none.
    fn text_or_empty(&self, names: &[&str]) -> String {
        self.node.find(names).map(|n| n.text.clone()).unwrap_or_default()
    }

    /// The text under these names as a value that reads itself from digits.
    fn parse<T: std::str::FromStr<Err = crate::ids::IdError>>(&self, names: &[&str]) -> Result<T, ReadError> {
        let at = self.need(names)?;
        at.text().parse().map_err(|e: crate::ids::IdError| at.wrong(format!("{} that {}", e.kind, e.problem)))
    }

    fn wrong(&self, expected: impl Into<String>) -> ReadError {
        let shown: String = self.text().chars().take(48).collect();
        ReadError {
            position: self.node.at,
            path: self.path.clone(),
            expected: expected.into(),
            got: format!("{shown:?}"),
        }
    }
}

/// Compares `NbOfTxs` and `CtrlSum`, where they are, with the payments.
fn check(header: &At<'_>, totals: Result<Totals, Unfit>) -> Result<(), ReadError> {
    let totals = totals.map_err(|e| ReadError {
        position: header.node.at,
        path: header.path.clone(),
        expected: format!("{}: {}", e.field, e.expected),
        got: e.got,
    })?;
    if let Some(count) = header.maybe(&["NbOfTxs"])
        && count.text().parse() != Ok(totals.count)
    {
        return Err(count.wrong(format!("{}, as the payments are", totals.count)));
    }
    if let Some(sum) = header.maybe(&["CtrlSum"])
        && yen(sum.text()) != Some(totals.amount)
    {
        return Err(sum.wrong(format!("{}, as the payments are", totals.amount.get())));
    }
    Ok(())
}

fn batch(elements: &mut Elements<'_>, number: usize) -> Result<Batch, ReadError> {
    let path = format!("PmtInf[{number}]");
    // The children of a batch before its payments, as if they were an element of their own.
    let (at, name) = (elements.position(), "PmtInf".to_owned());
    let mut head = Node { name, at, currency: None, text: String::new(), children: Vec::new() };
    let mut transfers = Vec::new();
    while let Some(start) = elements.enter().map_err(|e| problem(&path, e))? {
        let name = start.local_name().as_ref().to_owned();
        if name == "CdtTrfTxInf" {
            let path = format!("{path}/CdtTrfTxInf[{}]", transfers.len() + 1);
            let node = elements.tree(&start).map_err(|e| problem(&path, e))?;
            transfers.push(transfer(&At { node: &node, path })?);
        } else {
            let node = elements.tree(&start).map_err(|e| problem(&format!("{path}/{name}"), e))?;
            if head.child(&name).is_none() {
                head.children.push(node);
            }
        }
    }
    let head = At { node: &head, path };
    let method = head.need(&["PmtMtd"])?;
    if method.text() != "TRF" {
        return Err(method.wrong("TRF"));
    }
    let date = head.need(&["ReqdExctnDt", "Dt"])?;
    let batch = Batch {
        id: head.need(&["PmtInfId"])?.text().to_owned(),
        header: Header {
            client_code: head.parse::<ClientCode>(&["Dbtr", "Id", "OrgId", "Othr", "Id"])?,
            client_name: head.need(&["Dbtr", "Nm"])?.text().to_owned(),
            date: BusinessDay::parse(date.text()).ok_or_else(|| date.wrong("a date YYYY-MM-DD"))?,
            account: account(&head, "DbtrAgt", "DbtrAcct")?,
        },
        transfers,
    };
    check(&head, batch.totals())?;
    Ok(batch)
}

fn transfer(at: &At<'_>) -> Result<Transfer, ReadError> {
    let amount = at.need(&["Amt", "InstdAmt"])?;
    if amount.node.currency.as_deref() != Some("JPY") {
        let got = format!("{:?}", amount.node.currency.as_deref().unwrap_or("no currency"));
        return Err(ReadError { got, ..amount.wrong("Ccy=\"JPY\"") });
    }
    let in_range = |yen: &Yen| (Yen::new(1)..=MAX_AMOUNT).contains(yen);
    Ok(Transfer {
        end_to_end_id: at.need(&["PmtId", "EndToEndId"])?.text().to_owned(),
        payment: Payment {
            account: account(at, "CdtrAgt", "CdtrAcct")?,
            payee_name: at.need(&["Cdtr", "Nm"])?.text().to_owned(),
            amount: yen(amount.text())
                .filter(in_range)
                .ok_or_else(|| amount.wrong(format!("whole yen, 1 to {}", MAX_AMOUNT.get())))?,
            new_code: NewCode::Other,
            reference: match at.maybe(&["RmtInf", "Ustrd"]) {
                Some(text) => Reference::Edi(text.text().to_owned()),
                None => customer_codes(at)?,
            },
            class: TransferClass::Wire,
        },
    })
}

fn customer_codes(at: &At<'_>) -> Result<Reference, ReadError> {
    let mut codes = [0; 2];
    if let Some(ids) = at.maybe(&["Cdtr", "Id", "PrvtId"]) {
        for other in ids.node.children.iter().filter(|n| n.name == "Othr") {
            let other = At { node: other, path: format!("{}/Othr", ids.path) };
            let slot = match other.text_or_empty(&["SchmeNm", "Prtry"]).as_str() {
                "CUSTOMER CODE 1" => &mut codes[0],
                "CUSTOMER CODE 2" => &mut codes[1],
                // Another's number for the payee.
                _ => continue,
            };
            let id = other.need(&["Id"])?;
            *slot = crate::ids::digits(id.text().as_bytes())
                .filter(|_| id.text().len() <= 10)
                .ok_or_else(|| id.wrong("at most 10 digits"))?;
        }
    }
    Ok(Reference::Codes { first: codes[0], second: codes[1] })
}

fn account(at: &At<'_>, agent: &str, account: &str) -> Result<Account, ReadError> {
    let system = at.need(&[agent, "FinInstnId", "ClrSysMmbId", "ClrSysId", "Cd"])?;
    if system.text() != CLEARING_SYSTEM {
        return Err(system.wrong(CLEARING_SYSTEM));
    }
    let member = at.need(&[agent, "FinInstnId", "ClrSysMmbId", "MmbId"])?;
    let codes = |text: &str| -> Option<(BankCode, BranchCode)> {
        let (bank, branch) = text.split_at_checked(4)?;
        Some((bank.parse().ok()?, branch.parse().ok()?))
    };
    let wrong = || member.wrong("7 digits: bank code and branch code");
    let (bank, branch) = codes(member.text()).ok_or_else(wrong)?;
    let kind = at.need(&[account, "Tp", "Prtry"])?;
    Ok(Account {
        bank,
        bank_name: at.text_or_empty(&[agent, "FinInstnId", "Nm"]),
        branch,
        branch_name: at.text_or_empty(&[agent, "BrnchId", "Nm"]),
        kind: match kind.text().as_bytes() {
            [digit] => AccountKind::from_digit(*digit).ok_or_else(|| kind.wrong("1, 2, 4 or 9"))?,
            _ => return Err(kind.wrong("1, 2, 4 or 9")),
        },
        number: at.parse::<AccountNumber>(&[account, "Id", "Othr", "Id"])?,
    })
}

/// Whole yen: digits, with nothing but zeros after a decimal point.
fn yen(text: &str) -> Option<Yen> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
    let zeros = !decimals.is_empty() && decimals.bytes().all(|b| b == b'0');
    let number = crate::ids::digits(whole.as_bytes()).filter(|_| zeros)?;
    i64::try_from(number).ok().map(Yen::new)
}
