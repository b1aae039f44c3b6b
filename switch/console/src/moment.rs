//! Times as a person reads them, and as a form asks for them.

/// `2026-12-01T10:03:05.123+09:00` as `2026-12-01 10:03:05`: every time is Japan's.
pub(crate) fn shown(text: &str) -> String {
    let whole = text.split_once('T').filter(|(_, time)| time.ends_with("+09:00"));
    let Some((day, time)) = whole else { return text.to_owned() };
    let second = time.get(..8).unwrap_or(time);
    format!("{day} {second}")
}

/// A day and a time of day of Japan as a moment; the day alone without a time.
pub(crate) fn of_form(day: Option<String>, time: Option<String>) -> Option<String> {
    match (day, time) {
        (Some(day), Some(time)) => {
            let seconds = if time.matches(':').count() == 1 { ":00" } else { "" };
            Some(format!("{day}T{time}{seconds}+09:00"))
        }
        (day, _) => day,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_japans() {
        assert_eq!(shown("2026-12-01T10:03:05.123+09:00"), "2026-12-01 10:03:05");
        assert_eq!(shown("2026-12-01"), "2026-12-01");
        let said = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        assert_eq!(of_form(said("2026-12-01"), said("10:03")).as_deref(), Some("2026-12-01T10:03:00+09:00"));
        assert_eq!(of_form(said("2026-12-01"), None).as_deref(), Some("2026-12-01"));
        assert_eq!(of_form(None, said("10:03")), None);
    }
}
