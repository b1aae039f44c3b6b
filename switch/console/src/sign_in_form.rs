//! The form of the sign-in.

use crate::frame::Frame;
use crate::screen::{Block, Button, Field, FieldKind, Form, Link, Screen};
use kazasu_text::console::PageText;

/// Where a person was when the session ended.
#[derive(Default)]
pub(crate) struct Kept {
    /// The page.
    pub(crate) back: String,
    /// What was typed there.
    pub(crate) typed: String,
}

/// The form of the sign-in.
#[derive(Default)]
pub(crate) struct SignInForm {
    /// The name that was typed.
    pub(crate) name: String,
    pub(crate) kept: Kept,
    /// A session ended in the middle of a form.
    pub(crate) ended: bool,
    /// Why a person was not signed in.
    pub(crate) refused: Option<String>,
}

impl SignInForm {
    pub(crate) fn screen(&self, frame: &Frame) -> Screen {
        let say = |text: PageText<'static>| frame.say(text);
        let name = Field::new("name", FieldKind::UserName, say(PageText::PersonName)).value(&*self.name);
        let code = Field::new("code", FieldKind::OneTimeCode, say(PageText::OneTimeCode));
        let form = Form::post("/sign-in")
            .hide("back", &*self.kept.back)
            .hide("kept", &*self.kept.typed)
            .field(name.error(self.refused.clone()))
            .field(Field::new("password", FieldKind::Password, say(PageText::Password)))
            .field(code.hint(say(PageText::OneTimeCodeHint)))
            .button(Button::new(say(PageText::SignIn)));
        let screen = Screen::new(say(PageText::SignInTitle));
        let screen = if self.ended { screen.with(Block::Notice(say(PageText::SessionEnded))) } else { screen };
        let invited = vec![Link::new("/join", say(PageText::WasInvited))];
        screen.with(Block::Form(form)).with(Block::Links(invited))
    }
}
