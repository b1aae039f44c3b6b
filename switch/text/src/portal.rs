//! What is wrong with the text of a portal's statement. Names of lines stand as they are.

use crate::argument::Quoted;
use crate::labels;
use crate::texts;

labels! {
    /// What a line of a statement must say.
    StatementWanted {
        Text "text in UTF-8": "UTF-8の文字", "text in UTF-8";
        First "\"kazasu portal statement 1\"": "`kazasu portal statement 1` という行", "\"kazasu portal statement 1\"";
        Line "a line with this name, a blank and a value": "この名前、空白、値の順の行", "a line with this name, a blank and a value";
        Program "the program's id, as key_5": "プログラムのID（例：key_5）", "the program's id, as key_5";
        Ppid "a PPID of 26 base32 characters": "Base32で26文字のPPID", "a PPID of 26 base32 characters";
        Proven "card-pin, card-face, pin-reset or signed-in": "`card-pin`、`card-face`、`pin-reset`、`signed-in` のいずれか", "card-pin, card-face, pin-reset or signed-in";
        Moment "a moment in Japan to the millisecond, as 2026-11-30T14:03:11.482+09:00": "ミリ秒までの日本時刻（例：2026-11-30T14:03:11.482+09:00）", "a moment in Japan to the millisecond, as 2026-11-30T14:03:11.482+09:00";
        Operation "link, unlink, set_card, set_limits, set_spendable, resident or resident_statement": "`link`、`unlink`、`set_card`、`set_limits`、`set_spendable`、`resident`、`resident_statement` のいずれか", "link, unlink, set_card, set_limits, set_spendable, resident or resident_statement";
        Digest "64 hexadecimal digits": "16進64桁", "64 hexadecimal digits";
        Nonce "32 hexadecimal digits": "16進32桁", "32 hexadecimal digits";
        Spelling "the one spelling: lower case, lines in order, a line feed at each end": "決められた書き方（小文字、決められた行の順、各行の末尾に改行）", "the one spelling: lower case, lines in order, a line feed at each end";
    }
}

texts! {
    /// A line of a statement that cannot be read.
    StatementText<'a> {
        Line { line: &'a str, expected: StatementWanted, got: Quoted<'a> }:
            "`{line}` の行に必要なのは{expected}です（申告は{got}）", "{line}: expected {expected}, got {got}";
        Whole { expected: StatementWanted }: "申告に必要なのは{expected}です", "statement: expected {expected}";
        RequestPpid: "依頼のPPID", "the PPID of the request";
        AnotherPpid: "別のPPID", "another one";
    }
}
