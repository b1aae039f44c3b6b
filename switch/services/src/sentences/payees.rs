//! Why a payee's account is not changed, or not paid to.

use kazasu_core::PayeeRefusal;
use kazasu_text::payees::PayeeText;
use kazasu_text::{Language, Text};

pub(super) fn refusal(why: &PayeeRefusal, language: Language) -> String {
    let text = |text: PayeeText<'_>| text.in_language(language).into_owned();
    match why {
        PayeeRefusal::Unknown(payee) => text(PayeeText::Unknown { payee: &payee.to_string() }),
        PayeeRefusal::NoAccount(payee) => text(PayeeText::NoAccount { payee: &payee.to_string() }),
        PayeeRefusal::NotAboutPayee(request) => text(PayeeText::NotAboutPayee { request: *request }),
        PayeeRefusal::NotCalled(request) => text(PayeeText::NotCalled { request: *request }),
        PayeeRefusal::CalledBefore(request) => text(PayeeText::CalledBefore { request: *request }),
        PayeeRefusal::OtherPart(by) => text(PayeeText::OtherPart { by }),
        PayeeRefusal::RowNotCalled => text(PayeeText::RowNotCalled),
        PayeeRefusal::Stale => text(PayeeText::Stale),
        PayeeRefusal::Taken => text(PayeeText::Taken),
    }
}
