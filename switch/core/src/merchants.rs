//! Merchants: what a row of an import changes of one. What a row does not say stays as it is; the change is made from what is known at
//! the moment of deciding, so that two imports at one time lose nothing of each other.

use super::Rejected;
use super::decision::{Decision, Done, Effect};
use super::state::{Merchant, State};
use hashbrown::HashMap;
use kazasu_ledger::record::{Body, Maker, MerchantRegistered, MerchantTraits};
use kazasu_schemas::canonical::same;
use kazasu_schemas::ids::{InstitutionId, Mcc, MerchantId, TerminalId};

/// Terminals that a merchant has at most.
pub const MOST_TERMINALS: usize = 1_000;
/// Tags that a merchant has at most.
pub const MOST_TAGS: usize = 20;

/// A step in changing a list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Edit<T> {
    /// All are taken away.
    Clear,
    /// This one is there afterwards.
    Add(T),
    /// This one is not there afterwards.
    Remove(T),
}

/// The changes of a merchant; a field that is `None` or empty stays.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct MerchantChange {
    /// Its name.
    pub name: Option<String>,
    /// Its category.
    pub mcc: Option<Mcc>,
    /// Takes no payments any more, or takes some again.
    pub closed: Option<bool>,
    /// Its class; empty: it has none any more.
    pub class: Option<String>,
    /// Its municipality code; empty: it has none any more.
    pub region: Option<String>,
    /// Its tags, step by step.
    pub tags: Vec<Edit<String>>,
    /// Its terminals, step by step.
    pub terminals: Vec<Edit<TerminalId>>,
}

/// A merchant's registered data, without its account.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MerchantEntry {
    /// Its name.
    pub name: String,
    /// Its category.
    pub mcc: Mcc,
    /// Takes no payments any more.
    pub closed: bool,
    /// Its terminals, sorted.
    pub terminals: Vec<TerminalId>,
    /// Class, tags and region.
    pub traits: MerchantTraits,
}

impl From<&Merchant> for MerchantEntry {
    fn from(m: &Merchant) -> Self {
        MerchantEntry {
            name: m.name.clone(),
            mcc: m.mcc,
            closed: m.closed,
            terminals: m.terminals.clone(),
            traits: m.traits.clone(),
        }
    }
}

impl MerchantEntry {
    /// Its fields as people read them, by the names of the import's columns.
    #[must_use]
    pub fn fields(&self) -> [(&'static str, String); 7] {
        let terminals: Vec<String> = self.terminals.iter().map(ToString::to_string).collect();
        [
            ("name", self.name.clone()),
            ("mcc", self.mcc.to_string()),
            ("terminals", terminals.join(" ")),
            ("closed", if self.closed { "yes" } else { "no" }.to_owned()),
            ("class", self.traits.class.clone()),
            ("tags", self.traits.tags.join(" ")),
            ("region", self.traits.region.clone()),
        ]
    }
}

fn edited<T: Clone + Ord>(known: Vec<T>, edits: &[Edit<T>], same: impl Fn(&T, &T) -> bool) -> Vec<T> {
    let mut list = known;
    for edit in edits {
        match edit {
            Edit::Clear => list.clear(),
            Edit::Add(one) if list.iter().any(|known| same(known, one)) => {}
            Edit::Add(one) => list.push(one.clone()),
            Edit::Remove(one) => list.retain(|known| !same(known, one)),
        }
    }
    list.sort_unstable();
    list
}

impl MerchantChange {
    /// The entry afterwards. A merchant that is not there yet needs a name and a category.
    fn of(&self, known: Option<&MerchantEntry>) -> Result<MerchantEntry, Rejected> {
        let name = self.name.clone().or_else(|| known.map(|k| k.name.clone())).ok_or(Rejected::NewMerchant("name"))?;
        let mcc = self.mcc.or(known.map(|k| k.mcc)).ok_or(Rejected::NewMerchant("mcc"))?;
        let (terminals, traits) = known.map(|k| (k.terminals.clone(), k.traits.clone())).unwrap_or_default();
        let entry = MerchantEntry {
            name,
            mcc,
            closed: self.closed.or(known.map(|k| k.closed)).unwrap_or(false),
            terminals: edited(terminals, &self.terminals, |a, b| a == b),
            traits: MerchantTraits {
                class: self.class.clone().unwrap_or(traits.class),
                tags: edited(traits.tags, &self.tags, |a, b| same(a, b)),
                region: self.region.clone().unwrap_or(traits.region),
            },
        };
        if entry.terminals.len() > MOST_TERMINALS {
            return Err(Rejected::TooMany("terminals", MOST_TERMINALS));
        }
        if entry.traits.tags.len() > MOST_TAGS {
            return Err(Rejected::TooMany("tags", MOST_TAGS));
        }
        Ok(entry)
    }
}

/// Decides a change.
pub(super) fn change(
    state: &State,
    (acquirer, merchant): (InstitutionId, MerchantId),
    change: &MerchantChange,
    maker: &Option<Maker>,
) -> Result<Decision, Rejected> {
    let known = find(state, acquirer, merchant);
    let entry = change.of(known.map(MerchantEntry::from).as_ref())?;
    let traits = (entry.traits != MerchantTraits::default()).then_some(entry.traits);
    let record = MerchantRegistered {
        acquirer,
        merchant,
        name: entry.name,
        mcc: entry.mcc,
        terminals: entry.terminals,
        closed: entry.closed,
        payable: state.book.next_account(),
        traits,
        maker: maker.clone(),
    };
    register(state, record)
}

fn find(state: &State, acquirer: InstitutionId, merchant: MerchantId) -> Option<&Merchant> {
    state.parties.merchant_at.get(&(acquirer, merchant)).and_then(|at| state.merchant(*at))
}

/// Registers an entry that is said in full.
pub(super) fn register(state: &State, mut record: MerchantRegistered) -> Result<Decision, Rejected> {
    if !state.parties.acquirers.contains_key(&record.acquirer) {
        return Err(Rejected::UnknownAcquirer(record.acquirer));
    }
    for terminal in &record.terminals {
        let owner = state.parties.terminal_at.get(&(record.acquirer, *terminal)).and_then(|at| state.merchant(*at));
        if let Some(owner) = owner.filter(|owner| owner.id != record.merchant) {
            return Err(Rejected::TerminalTaken(*terminal, owner.id));
        }
    }
    if let Some(known) = find(state, record.acquirer, record.merchant) {
        record.payable = known.payable;
        let same = known.name == record.name
            && known.mcc == record.mcc
            && known.closed == record.closed
            && known.terminals == record.terminals
            && known.traits == record.traits.clone().unwrap_or_default();
        if same {
            return Ok(Decision::only(Effect::Done(Done::Unchanged)));
        }
    }
    Ok(Decision::record(Body::MerchantRegistered(record)).then(Effect::Done(Done::Recorded)))
}

/// The changes that a file's rows would make, each after those before it. Nothing is recorded.
#[derive(Clone, Debug, Default)]
pub struct MerchantView {
    entries: HashMap<(InstitutionId, MerchantId), MerchantEntry>,
    terminals: HashMap<(InstitutionId, TerminalId), Option<MerchantId>>,
}

impl MerchantView {
    /// The entry before and after; refused as the command would be.
    pub fn change(
        &mut self,
        state: &State,
        key: (InstitutionId, MerchantId),
        change: &MerchantChange,
    ) -> Result<(Option<MerchantEntry>, MerchantEntry), Rejected> {
        let (acquirer, merchant) = key;
        let known =
            self.entries.get(&key).cloned().or_else(|| find(state, acquirer, merchant).map(MerchantEntry::from));
        let entry = change.of(known.as_ref())?;
        if !state.parties.acquirers.contains_key(&acquirer) {
            return Err(Rejected::UnknownAcquirer(acquirer));
        }
        let owner = |terminal: TerminalId| match self.terminals.get(&(acquirer, terminal)) {
            Some(owner) => *owner,
            None => {
                state.parties.terminal_at.get(&(acquirer, terminal)).and_then(|at| state.merchant(*at)).map(|m| m.id)
            }
        };
        for terminal in &entry.terminals {
            if let Some(owner) = owner(*terminal).filter(|owner| *owner != merchant) {
                return Err(Rejected::TerminalTaken(*terminal, owner));
            }
        }
        for terminal in known.iter().flat_map(|known| &known.terminals) {
            self.terminals.insert((acquirer, *terminal), None);
        }
        for terminal in &entry.terminals {
            self.terminals.insert((acquirer, *terminal), Some(merchant));
        }
        self.entries.insert(key, entry.clone());
        Ok((known, entry))
    }
}
