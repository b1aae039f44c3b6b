//! The frame of a page: the reader's language, who is signed in, and the ways to the main pages.

use crate::assets;
use kazasu_services::access::{Access, Name, Scope, may};
use kazasu_services::{CallerKind, Who};
use kazasu_text::console::PageText;
use kazasu_text::{Language, Text};
use std::borrow::Borrow;

/// The frame of a page.
#[derive(Clone)]
pub(crate) struct Frame {
    pub(crate) language: Language,
    /// Path and query of the page.
    pub(crate) place: String,
    /// The name of the person who is signed in.
    pub(crate) person: Option<String>,
    /// What a form of the person's session has, and no form of another site; empty without a session.
    pub(crate) token: String,
    pub(crate) ways: Vec<Way>,
}

/// A way to a main page.
#[derive(Clone)]
pub(crate) struct Way {
    pub(crate) address: &'static str,
    pub(crate) label: String,
}

impl Way {
    /// Is the page this one, or one below it?
    fn is_here_at(&self, place: &str) -> bool {
        let path = place.split('?').next().unwrap_or_default();
        match path.strip_prefix(self.address) {
            Some(rest) if self.address == "/" => rest.is_empty(),
            Some(rest) => rest.is_empty() || rest.starts_with('/'),
            None => false,
        }
    }

    pub(crate) fn is_here(&self, place: impl AsRef<str>) -> bool {
        self.is_here_at(place.as_ref())
    }
}

/// May the caller ask this, somewhere? The table of rights says so; the services ask it again for each request.
pub(crate) fn may_ask(name: Name, who: &Who) -> bool {
    matches!(may(name, who, &Scope::Everywhere), Access::Yes | Access::TwoPeople)
}

impl Frame {
    /// Of a reader who is not signed in.
    pub(crate) fn of(language: Language, place: &str) -> Frame {
        Frame { language, place: place.to_owned(), person: None, token: String::new(), ways: Vec::new() }
    }

    /// Of a person who is signed in.
    pub(crate) fn signed_in(self, who: &Who, token: String) -> Frame {
        if who.kind != CallerKind::Person {
            return self;
        }
        let ways = [
            ("/", PageText::Home, None),
            ("/approvals", PageText::Approvals, Some(Name::ListApprovals)),
            ("/today", PageText::Today, Some(Name::ShowTakings)),
            ("/transactions", PageText::Transactions, Some(Name::FindTransactions)),
            ("/settlements", PageText::Settlements, Some(Name::ListShopSettlements)),
            ("/payouts", PageText::Payouts, Some(Name::ListShopPayouts)),
        ];
        let own = ways.into_iter().filter(|(_, _, name)| name.is_none_or(|name| may_ask(name, who)));
        let ways = own.map(|(address, text, _)| Way { address, label: self.say(text) }).collect();
        Frame { person: Some(who.shown.clone()), token, ways, ..self }
    }

    /// A text in the reader's language.
    pub(crate) fn say<'a>(&self, text: impl Borrow<PageText<'a>>) -> String {
        text.borrow().in_language(self.language).into_owned()
    }

    /// Another text of the catalogue.
    pub(crate) fn tell(&self, text: &impl Text) -> String {
        text.in_language(self.language).into_owned()
    }

    fn other(&self) -> Language {
        match self.language {
            Language::Japanese => Language::English,
            Language::English => Language::Japanese,
        }
    }

    pub(crate) fn tag(&self) -> &'static str {
        self.language.tag()
    }

    pub(crate) fn other_tag(&self) -> &'static str {
        self.other().tag()
    }

    /// The other language, in its own words.
    pub(crate) fn other_language(&self) -> String {
        PageText::InThisLanguage.in_language(self.other()).into_owned()
    }

    pub(crate) fn style(&self) -> &'static str {
        assets::style()
    }
}
