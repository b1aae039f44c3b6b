//! What was typed before a session ended: the way back to the form, with everything in it. Nothing is carried out on this way.

use crate::fields::Fields;
use crate::frame::Frame;
use crate::screen::{Block, Button, Form, Screen};
use crate::visitor::own_path;
use kazasu_text::console::PageText;

/// The step of a form that shows it again, filled in.
pub(crate) const EDIT: &str = "edit";

/// The page with the way back to the form at `back`.
pub(crate) fn screen(frame: &Frame, back: &str, typed: &Fields) -> Screen {
    let typed = typed.without(&["step", "key", "code"]);
    let form = Form::post(own_path(back));
    let form = typed.pairs().iter().fold(form, |form, (name, value)| form.hide(name, value.as_str()));
    let form = form.button(Button::step(EDIT, frame.say(PageText::BackToForm)));
    Screen::new(frame.say(PageText::KeptTitle)).with(Block::Lead(frame.say(PageText::KeptText))).with(Block::Form(form))
}
