//! Hides what may be a card number in a text that is shown or kept.

/// Digits from which on a run may be a card number (ISO/IEC 7812: 12 to 19).
const SHORTEST: usize = 12;
/// Digits at the end that may be shown (PCI DSS 3.4.1).
const SHOWN: usize = 4;

/// The text with every run of twelve or more digits masked except its last four. Spaces and hyphens between digits do not
/// end a run, and full-width digits are digits.
#[must_use]
pub fn masked(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut run = String::new();
    for c in text.chars() {
        let continues = is_digit(c) || (!run.is_empty() && matches!(c, ' ' | '-'));
        if continues {
            run.push(c);
        } else {
            flush(&mut run, &mut out);
            out.push(c);
        }
    }
    flush(&mut run, &mut out);
    out
}

fn is_digit(c: char) -> bool {
    c.is_ascii_digit() || ('０'..='９').contains(&c)
}

fn flush(run: &mut String, out: &mut String) {
    let digits = run.chars().filter(|c| is_digit(*c)).count();
    if digits < SHORTEST {
        out.push_str(run);
    } else {
        let mut seen = 0;
        for c in run.chars() {
            seen += usize::from(is_digit(c));
            out.push(if is_digit(c) && seen <= digits - SHOWN { '*' } else { c });
        }
    }
    run.clear();
}
