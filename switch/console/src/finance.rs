//! Settlements of merchants, and payouts.

use crate::moment;
use crate::screen::{Block, Cell, Column, Screen, Table};
use crate::visitor::{Console, SignedIn};
use axum::Router;
use axum::response::Response;
use axum::routing::get;
use kazasu_schemas::money::Yen;
use kazasu_services::closing::{ListPayouts, ListSettlements, PayoutView, SettlementView};
use kazasu_text::Label;
use kazasu_text::closing_refusals::SettlementState;
use kazasu_text::console::PageText;

pub(crate) fn routes() -> Router<Console> {
    Router::new().route("/settlements", get(settlements)).route("/payouts", get(payouts))
}

async fn settlements(SignedIn(visitor): SignedIn) -> Response {
    let listed = match visitor.ask(ListSettlements {}).await {
        Ok(listed) => listed,
        Err(response) => return *response,
    };
    let frame = &visitor.frame;
    let yen = |yen: i64| Cell::new(Yen::new(yen).to_string());
    let state = |one: &SettlementView| {
        SettlementState::of(&one.state).map_or_else(|| one.state.clone(), |label| frame.tell(&label))
    };
    let row = |one: &SettlementView| {
        vec![
            Cell::new(one.settlement.to_string()),
            Cell::new(format!("{} {}", one.name, one.merchant)),
            Cell::new(format!("{} – {}", moment::shown(&one.from), moment::shown(&one.until))),
            yen(one.gross_yen),
            yen(one.refunds_yen),
            yen(one.fee_yen),
            yen(one.paid_yen),
            Cell::new(&*one.value_date),
            Cell::new(state(one)),
        ]
    };
    let words = |text: PageText<'static>| Column::words(frame.say(text));
    let numbers = |text: PageText<'static>| Column::numbers(frame.say(text));
    let columns = vec![
        words(PageText::SettlementNumber),
        words(PageText::Shop),
        words(PageText::Period),
        numbers(PageText::GrossColumn),
        numbers(PageText::RefundsAmount),
        numbers(PageText::FeeColumn),
        numbers(PageText::PaidColumn),
        words(PageText::ValueDate),
        words(PageText::Standing),
    ];
    let rows = listed.iter().map(row).collect();
    let (caption, nothing) = (frame.say(PageText::Settlements), frame.say(PageText::NoSettlements));
    let screen = Screen::new(frame.say(PageText::Settlements));
    visitor.show(&screen.with(Block::Table(Table { caption, columns, rows, nothing })))
}

async fn payouts(SignedIn(visitor): SignedIn) -> Response {
    let listed = match visitor.ask(ListPayouts {}).await {
        Ok(listed) => listed,
        Err(response) => return *response,
    };
    let frame = &visitor.frame;
    let row = |one: &PayoutView| {
        let settlements: Vec<String> = one.settlements.iter().map(ToString::to_string).collect();
        let files =
            one.file.as_ref().map_or_else(|| "–".to_owned(), |file| format!("{} / {}", one.taken_files, file.files));
        vec![
            Cell::new(one.payout.to_string()),
            Cell::new(settlements.join(", ")),
            Cell::new(Yen::new(one.total_yen).to_string()),
            Cell::new(&*one.value_date),
            Cell::new(files),
        ]
    };
    let columns = vec![
        Column::words(frame.say(PageText::PayoutNumber)),
        Column::words(frame.say(PageText::SettlementNumber)),
        Column::numbers(frame.say(PageText::Amount)),
        Column::words(frame.say(PageText::ValueDate)),
        Column::words(frame.say(PageText::FilesTaken)),
    ];
    let rows = listed.iter().map(row).collect();
    let (caption, nothing) = (frame.say(PageText::Payouts), frame.say(PageText::NoPayouts));
    let screen = Screen::new(frame.say(PageText::Payouts));
    visitor.show(&screen.with(Block::Table(Table { caption, columns, rows, nothing })))
}
