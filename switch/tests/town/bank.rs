//! The bank of the sample town: statements as it writes them, sound and damaged.

use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::money::Yen;
use kazasu_schemas::zengin::statement::{self, Direction, Entry, Header, TransactionKind};
use kazasu_schemas::zengin::{AccountKind, LineEnding};

/// Bytes of a record with its line end.
const RECORD: usize = statement::RECORD_LEN + 2;
/// In a data record: a digit of the movement's amount.
const AMOUNT_AT: usize = 30;
/// In a trailer: the last digit of the sum of all movements out.
const SUM_OUT_AT: usize = 38;

/// One day's statement of an account.
pub(crate) fn header(day: BusinessDay, account: u64, holder: &str) -> Header {
    Header {
        created: day,
        from: day,
        to: day,
        bank: "9999".parse().unwrap(),
        bank_name: "ﾐﾅﾄ".into(),
        branch: "001".parse().unwrap(),
        branch_name: "ﾎﾝﾃﾝ".into(),
        kind: AccountKind::Ordinary,
        number: statement::LongAccountNumber::new(account).unwrap(),
        account_name: holder.into(),
        opening_balance: None,
    }
}

/// A transfer on the account; the payer's text for the payee is empty for most.
pub(crate) fn entry(day: BusinessDay, direction: Direction, yen: i64, payer: &str, edi: &str) -> Entry {
    Entry {
        inquiry_number: 0,
        posting_date: day,
        value_date: day,
        direction,
        kind: TransactionKind::Transfer,
        amount: Yen::new(yen),
        uncleared: Yen::ZERO,
        payer_code: String::new(),
        payer_name: payer.into(),
        bank_name: "ﾐﾅﾄ".into(),
        branch_name: "ﾎﾝﾃﾝ".into(),
        remarks: String::new(),
        edi: edi.into(),
    }
}

/// The file: a header, the entries, a trailer with their sums, an end.
pub(crate) fn file(header: &Header, entries: &[Entry]) -> Vec<u8> {
    let sheet = statement::Sheet { header, entries, closing_balance: None };
    statement::write(&[sheet], LineEnding::CrLf).unwrap()
}

/// The file with something that is no digit in its first entry's amount.
pub(crate) fn with_unreadable_amount(file: &[u8]) -> Vec<u8> {
    let mut file = file.to_vec();
    file[RECORD + AMOUNT_AT] = b'x';
    file
}

/// The file of so many entries, cut off before its trailer.
pub(crate) fn without_trailer(file: &[u8], entries: usize) -> &[u8] {
    &file[..(1 + entries) * RECORD]
}

/// The file of so many entries, whose trailer has another sum of movements out than they have.
pub(crate) fn with_wrong_sum(file: &[u8], entries: usize) -> Vec<u8> {
    let mut file = file.to_vec();
    file[(1 + entries) * RECORD + SUM_OUT_AT] ^= 1;
    file
}
