//! Corrections of payments by staff.

use crate::labels;

labels! {
    /// What a correction is.
    CorrectionLabel {
        Refund "refund": "返品", "refund";
        Reduction "reduction": "減額", "reduction";
        WriteOff "write_off": "運用者負担の返金", "write-off";
    }
}
