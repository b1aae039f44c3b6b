//! Of closing, payouts and the bank's statement.

use super::number::count;
use kazasu_core::{
    Became, BuiltOn, Misfit, NotClosed, RAISED_AT_ONCE, SentFile, SettlementState, StandsAt, TextField, Unlike,
};
use kazasu_ledger::record::{Aside, Payer};
use kazasu_schemas::money::Yen;
use kazasu_text::closing_refusals::{self as texts, BecameText, BuiltOnText, ClosingRefusal, UnlikeText, WrittenText};
use kazasu_text::commands::CommandText;
use kazasu_text::{Language, Text};

/// The reason for refusing a command about closing.
#[allow(clippy::too_many_lines, reason = "a table: one row for each refusal")]
pub(super) fn sentence(why: &NotClosed, language: Language) -> String {
    let of = |text: ClosingRefusal<'_>| text.in_language(language).into_owned();
    of(match why {
        NotClosed::Open(day) => ClosingRefusal::Open { day: *day },
        NotClosed::Order { day, is, wanted, needed: Some(needed) } => {
            ClosingRefusal::Order { day: *day, is: *is, wanted: *wanted, needed: *needed }
        }
        NotClosed::Order { day, is, wanted, needed: None } => {
            ClosingRefusal::OwnRecord { day: *day, is: *is, wanted: *wanted }
        }
        NotClosed::Earlier(day, state) => ClosingRefusal::Earlier { day: *day, state: *state },
        NotClosed::Unowned(exceptions, day) => ClosingRefusal::Unowned { exceptions: count(*exceptions), day: *day },
        NotClosed::UnknownMerchant(acquirer, merchant) => {
            ClosingRefusal::UnknownMerchant { acquirer: *acquirer, merchant: *merchant }
        }
        NotClosed::UnknownIssuer(issuer) => {
            return CommandText::UnknownIssuer { issuer: *issuer }.in_language(language).into_owned();
        }
        NotClosed::Overlap { from, until } => ClosingRefusal::Overlap { from: *from, until: *until },
        NotClosed::Opening { got, got_released, carried, released } => {
            ClosingRefusal::Opening { got: *got, got_released: *got_released, carried: *carried, released: *released }
        }
        NotClosed::UnknownSettlement(settlement) => ClosingRefusal::UnknownSettlement { settlement: *settlement },
        NotClosed::NotDue(settlement, is) => ClosingRefusal::NotDue { settlement: *settlement, is: state(*is) },
        NotClosed::Total { sum, got } => ClosingRefusal::Total { sum: *sum, got: *got },
        NotClosed::NoSuchPoints(contract, programme) => {
            ClosingRefusal::NoSuchPoints { contract: *contract, programme: *programme }
        }
        NotClosed::NothingToPay => ClosingRefusal::NothingToPay,
        NotClosed::UnknownPayout(payout) => ClosingRefusal::UnknownPayout { payout: *payout },
        NotClosed::OtherFile(payout, format) => ClosingRefusal::OtherFile { payout: *payout, format: format.name() },
        NotClosed::NoFile(payout) => ClosingRefusal::NoFile { payout: *payout },
        NotClosed::UnknownFile(payout, file) => ClosingRefusal::UnknownFile { payout: *payout, file: *file },
        NotClosed::Taken(payout) => ClosingRefusal::Taken { payout: *payout },
        NotClosed::FileOut(payout, until) => ClosingRefusal::FileOut { payout: *payout, until: *until },
        NotClosed::NotPaid(settlement, payout) => ClosingRefusal::NotPaid { settlement: *settlement, payout: *payout },
        NotClosed::UnknownException(id) => ClosingRefusal::UnknownException { id },
        NotClosed::Resolved(id) => ClosingRefusal::Resolved { id },
        NotClosed::Unfit(id, how, why) => ClosingRefusal::Unfit { id, how: *how, why: misfit(*why) },
        NotClosed::OtherHead(day, last, got) => ClosingRefusal::OtherHead { day: *day, last: *last, got: *got },
        NotClosed::ContractPast(contract, ended) => ClosingRefusal::ContractPast { contract: *contract, ended: *ended },
        NotClosed::ContractGone(contract) => ClosingRefusal::ContractGone { contract: *contract },
        NotClosed::NoPayment(record) => ClosingRefusal::NoPayment { record: *record },
        NotClosed::RefusedSince(record) => ClosingRefusal::RefusedSince { record: *record },
        NotClosed::OtherIssuer { tap, party } => ClosingRefusal::OtherIssuer { record: *tap, party },
        NotClosed::Stands { id, tap, at, left, asked } => {
            ClosingRefusal::Stands { id, asked: *asked, record: *tap, left: *left, at: stands_at(*at) }
        }
        NotClosed::Left { tap, left, asked } => ClosingRefusal::Left { record: *tap, left: *left, asked: *asked },
        NotClosed::Text(field) => ClosingRefusal::TextLength { what: written(*field), most: count(field.most()) },
        NotClosed::TakenBefore(SentFile::Payout { payout, file }) => {
            ClosingRefusal::PayoutTakenBefore { file: *file, payout: *payout }
        }
        NotClosed::TakenBefore(SentFile::Batch { batch, file }) => {
            ClosingRefusal::BatchTakenBefore { file: *file, batch: *batch }
        }
        NotClosed::BankFee { sent, fee, most } => ClosingRefusal::BankFee { sent: *sent, fee: *fee, most: *most },
        NotClosed::LikelyDouble { amount, day, by, reference } => {
            ClosingRefusal::LikelyDouble { amount: *amount, day: *day, by, reference }
        }
        NotClosed::BookedAs { reference, became, amount } => {
            let became = with_amount(became, *amount, language);
            return of(ClosingRefusal::BookedAs { reference, became: &became });
        }
        NotClosed::NotTheSame { line, other, why } => {
            return of(ClosingRefusal::NotTheSame { line, other, why: &unlike(why, language) });
        }
        NotClosed::UnknownLine(reference) => ClosingRefusal::UnknownLine { reference },
        NotClosed::CannotUndo(reference, why) => {
            return of(ClosingRefusal::CannotUndo { reference, why: &built_on(why).in_language(language) });
        }
        NotClosed::TooMany => ClosingRefusal::TooManyExceptions { most: count(RAISED_AT_ONCE) },
    })
}

fn state(state: SettlementState) -> texts::SettlementState {
    match state {
        SettlementState::Nothing => texts::SettlementState::Nothing,
        SettlementState::Due => texts::SettlementState::Due,
        SettlementState::Ordered(_) => texts::SettlementState::Ordered,
        SettlementState::Paid(_) => texts::SettlementState::Paid,
        SettlementState::Returned(_) => texts::SettlementState::Returned,
    }
}

fn misfit(why: Misfit) -> texts::Misfit {
    match why {
        Misfit::TwoCurrencies => texts::Misfit::TwoCurrencies,
        Misfit::TooLarge => texts::Misfit::TooLarge,
        Misfit::SameAmount => texts::Misfit::SameAmount,
        Misfit::TapForgotten => texts::Misfit::TapForgotten,
        Misfit::NothingBooked => texts::Misfit::NothingBooked,
        Misfit::NoAccount => texts::Misfit::NoAccount,
    }
}

fn stands_at(at: StandsAt) -> texts::StandsAt {
    match at {
        StandsAt::Issuer => texts::StandsAt::Issuer,
        StandsAt::Merchant => texts::StandsAt::Merchant,
        StandsAt::OtherSide => texts::StandsAt::OtherSide,
    }
}

fn written(field: TextField) -> WrittenText {
    match field {
        TextField::Reference => WrittenText::Reference,
        TextField::Reason => WrittenText::Reason,
        TextField::Owner => WrittenText::Owner,
        TextField::Note => WrittenText::Note,
        TextField::LineReason => WrittenText::LineReason,
    }
}

fn unlike(why: &Unlike, language: Language) -> String {
    let of = |text: UnlikeText<'_>| text.in_language(language).into_owned();
    match why {
        Unlike::Itself => of(UnlikeText::Itself),
        Unlike::NothingStands => of(UnlikeText::NothingStands),
        Unlike::Moved { expected: (sum, way), got: (booked, Some(moved)), became } => {
            let became = &booked_as(became).in_language(language);
            of(UnlikeText::Moved { sum: *sum, way: *way, booked: *booked, moved: *moved, became })
        }
        Unlike::Moved { expected: (sum, way), got: (_, None), became } => {
            of(UnlikeText::MovedNothing { sum: *sum, way: *way, became: &booked_as(became).in_language(language) })
        }
        Unlike::Payer { expected: Payer::Issuer(issuer), became } => {
            of(UnlikeText::Issuer { issuer: *issuer, became: &booked_as(became).in_language(language) })
        }
        Unlike::Payer { expected: Payer::Funder(programme), became } => {
            of(UnlikeText::Funder { programme: *programme, became: &booked_as(became).in_language(language) })
        }
    }
}

fn built_on(why: &BuiltOn) -> BuiltOnText<'_> {
    match why {
        BuiltOn::UndoneBefore => BuiltOnText::UndoneBefore,
        BuiltOn::Correction => BuiltOnText::Correction,
        BuiltOn::Alias(line) => BuiltOnText::Alias { line },
        BuiltOn::SettlementCameBack(settlement) => BuiltOnText::SettlementCameBack { settlement: *settlement },
        BuiltOn::SettlementIs(settlement, is) => BuiltOnText::SettlementIs { settlement: *settlement, is: state(*is) },
        BuiltOn::Row { batch, row } => BuiltOnText::Row { batch: *batch, row: *row },
        BuiltOn::GrantedAgain { batch, row } => BuiltOnText::GrantedAgain { batch: *batch, row: *row },
    }
}

/// The outcome of a line, as people read it.
pub(crate) fn booked_as(became: &Became) -> BecameText<'_> {
    match became {
        Became::Taken { payout, file } => BecameText::Taken { payout: *payout, file: *file },
        Became::Returned { payout, settlement, .. } => {
            BecameText::Returned { payout: *payout, settlement: *settlement }
        }
        Became::Received { from: Payer::Issuer(issuer) } => BecameText::FromIssuer { issuer: *issuer },
        Became::Received { from: Payer::Funder(programme) } => BecameText::FromFunder { programme: *programme },
        Became::Sent { batch, file } => BecameText::Sent { batch: *batch, file: *file },
        Became::CameBack { batch, row, .. } => BecameText::CameBack { batch: *batch, row: *row },
        Became::Aside(Aside::NotOurs) => BecameText::NotOurs,
        Became::Aside(Aside::Same(line)) => BecameText::Same { line },
        Became::Aside(Aside::Corrected(line)) => BecameText::CorrectedBy { line },
        Became::Corrects(line) => BecameText::Corrects { line },
        Became::Corrected => BecameText::Corrected,
    }
}

fn with_amount(became: &Became, amount: Option<Yen>, language: Language) -> String {
    let became = booked_as(became).in_language(language);
    match amount {
        Some(amount) => BecameText::WithAmount { became: &became, amount }.in_language(language).into_owned(),
        None => became.into_owned(),
    }
}
