//! Causes of a fault that another program or a library put into words. They are quoted: a reader in Japanese sees what is not ours.

use crate::texts;

texts! {
    /// A cause in the words of another program.
    CauseText<'a> {
        Foreign { words: &'a str }: "英語の原文：「{words}」", "{words}";
        Unknown { words: &'a str }: "処理できませんでした。英語の原文：「{words}」", "{words}";
    }
}
