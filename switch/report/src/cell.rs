//! The value of one cell, as people read it (`1,280`) and as machines do (`1280`). Knows no file format.

use kazasu_schemas::jst::{BusinessDay, Millis};
use kazasu_schemas::money::Yen;
use rust_decimal::Decimal;

/// The kind of a column's values.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Kind {
    /// Words.
    Text,
    /// Text that must not become a number: ids with leading zeros, references longer than fifteen digits.
    Code,
    /// Whole yen.
    Yen,
    /// A number of things.
    Count,
    /// Points of a programme.
    Points,
    /// A rate in percent: 3.25 is 3.25 %.
    Percent,
    /// A calendar date in Japan.
    Date,
    /// An instant, shown in Japan Standard Time to the second.
    Time,
}

impl Kind {
    /// True where values are right-aligned and can be summed.
    #[must_use]
    pub fn is_number(self) -> bool {
        match self {
            Kind::Yen | Kind::Count | Kind::Points | Kind::Percent => true,
            Kind::Text | Kind::Code | Kind::Date | Kind::Time => false,
        }
    }

    /// The sum of no values, where values can be summed.
    pub(super) fn zero(self) -> Option<Cell> {
        match self {
            Kind::Yen => Some(Cell::Yen(Yen::ZERO)),
            Kind::Count => Some(Cell::Count(0)),
            Kind::Points => Some(Cell::Points(0)),
            Kind::Percent => Some(Cell::Percent(Decimal::ZERO)),
            Kind::Text | Kind::Code | Kind::Date | Kind::Time => None,
        }
    }
}

/// One value. A column takes the values of its [`Kind`], and `Empty` always.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Cell {
    /// Nothing is known or nothing applies.
    #[default]
    Empty,
    /// For columns of text and of codes.
    Text(String),
    /// Whole yen.
    Yen(Yen),
    /// A number of things.
    Count(i64),
    /// Points.
    Points(i64),
    /// Percent: 3.25 is 3.25 %.
    Percent(Decimal),
    /// A calendar date in Japan.
    Date(BusinessDay),
    /// An instant.
    Time(Millis),
}

impl Cell {
    /// A number of things. One that does not fit becomes the largest `i64`, which every sheet refuses.
    #[must_use]
    pub fn count(n: impl TryInto<i64>) -> Self {
        Cell::Count(n.try_into().unwrap_or(i64::MAX))
    }

    /// Points. A number that does not fit becomes the largest `i64`, which every sheet refuses.
    #[must_use]
    pub fn points(n: impl TryInto<i64>) -> Self {
        Cell::Points(n.try_into().unwrap_or(i64::MAX))
    }

    /// True where a column of `kind` takes this value.
    #[must_use]
    pub fn fits(&self, kind: Kind) -> bool {
        match self {
            Cell::Empty => true,
            Cell::Text(_) => matches!(kind, Kind::Text | Kind::Code),
            Cell::Yen(_) => kind == Kind::Yen,
            Cell::Count(_) => kind == Kind::Count,
            Cell::Points(_) => kind == Kind::Points,
            Cell::Percent(_) => kind == Kind::Percent,
            Cell::Date(_) => kind == Kind::Date,
            Cell::Time(_) => kind == Kind::Time,
        }
    }

    /// As people read it: `1,280`, `-1,280`, `3.25%`, `2026-11-23 20:15:30`.
    #[must_use]
    pub fn shown(&self) -> String {
        match self {
            Cell::Empty => String::new(),
            Cell::Text(text) => text.clone(),
            Cell::Yen(yen) => grouped(yen.get()),
            Cell::Count(n) | Cell::Points(n) => grouped(*n),
            Cell::Percent(rate) => {
                let mut rate = rate.normalize();
                if rate.scale() < 2 {
                    rate.rescale(2);
                }
                format!("{rate}%")
            }
            Cell::Date(day) => day.to_string(),
            Cell::Time(at) => to_the_second(*at),
        }
    }

    /// As machines read it: plain digits, no separators, no percent sign.
    #[must_use]
    pub fn plain(&self) -> String {
        match self {
            Cell::Yen(yen) => yen.get().to_string(),
            Cell::Count(n) | Cell::Points(n) => n.to_string(),
            Cell::Percent(rate) => rate.normalize().to_string(),
            Cell::Empty | Cell::Text(_) | Cell::Date(_) | Cell::Time(_) => self.shown(),
        }
    }

    /// The number as Excel and JSON carry whole numbers.
    pub(super) fn integer(&self) -> Option<i64> {
        match self {
            Cell::Yen(yen) => Some(yen.get()),
            Cell::Count(n) | Cell::Points(n) => Some(*n),
            Cell::Empty | Cell::Text(_) | Cell::Percent(_) | Cell::Date(_) | Cell::Time(_) => None,
        }
    }

    /// True for what is right-aligned.
    pub(super) fn is_number(&self) -> bool {
        match self {
            Cell::Yen(_) | Cell::Count(_) | Cell::Points(_) | Cell::Percent(_) => true,
            Cell::Empty | Cell::Text(_) | Cell::Date(_) | Cell::Time(_) => false,
        }
    }

    /// True for a number below zero.
    pub(super) fn is_negative(&self) -> bool {
        match self {
            Cell::Percent(rate) => rate.is_sign_negative() && !rate.is_zero(),
            Cell::Yen(_) | Cell::Count(_) | Cell::Points(_) => self.integer().is_some_and(|n| n < 0),
            Cell::Empty | Cell::Text(_) | Cell::Date(_) | Cell::Time(_) => false,
        }
    }

    /// The sum of two values of one kind; `None` where it does not fit. What is empty adds nothing.
    pub(super) fn plus(&self, other: &Cell) -> Option<Cell> {
        match (self, other) {
            (sum, Cell::Empty) => Some(sum.clone()),
            (Cell::Yen(a), Cell::Yen(b)) => a.checked_add(*b).map(Cell::Yen),
            (Cell::Count(a), Cell::Count(b)) => a.checked_add(*b).map(Cell::Count),
            (Cell::Points(a), Cell::Points(b)) => a.checked_add(*b).map(Cell::Points),
            (Cell::Percent(a), Cell::Percent(b)) => a.checked_add(*b).map(Cell::Percent),
            (
                Cell::Empty
                | Cell::Text(_)
                | Cell::Yen(_)
                | Cell::Count(_)
                | Cell::Points(_)
                | Cell::Percent(_)
                | Cell::Date(_)
                | Cell::Time(_),
                _,
            ) => None,
        }
    }
}

/// Digits in groups of three, with the sign.
fn grouped(n: i64) -> String {
    let digits = kazasu_schemas::text::thousands(n.unsigned_abs());
    if n < 0 { format!("-{digits}") } else { digits }
}

/// `2026-11-23 20:15:30`, in Japan. An instant that no calendar has keeps its number of milliseconds.
pub(super) fn to_the_second(at: Millis) -> String {
    let text = at.jst_text();
    match (text.get(..10), text.get(10..11), text.get(11..19)) {
        (Some(date), Some("T"), Some(time)) => format!("{date} {time}"),
        _ => text,
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Cell::Text(text.to_owned())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Cell::Text(text)
    }
}

impl From<Yen> for Cell {
    fn from(yen: Yen) -> Self {
        Cell::Yen(yen)
    }
}

impl From<Decimal> for Cell {
    fn from(percent: Decimal) -> Self {
        Cell::Percent(percent)
    }
}

impl From<BusinessDay> for Cell {
    fn from(day: BusinessDay) -> Self {
        Cell::Date(day)
    }
}

impl From<Millis> for Cell {
    fn from(at: Millis) -> Self {
        Cell::Time(at)
    }
}

impl<T: Into<Cell>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Cell::Empty, Into::into)
    }
}
