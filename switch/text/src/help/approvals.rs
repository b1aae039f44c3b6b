//! Requests that two people decide.

help! {
    /// Requests that two people decide.
    APPROVALS {
        "approval": "二人で決める起案の一覧と決裁", "Requests that two people decide: the inbox of all kinds, and decisions";
        "approval list":
            "決裁待ちの起案を、種類を問わず金額、起案者、期限とともに表示します",
            "Requests that wait, of all kinds, with yen, requester and deadline";
        "approval list --closed": "終わった起案のうち新しいものも表示します", "Also the last ones that are over";
        "approval show":
            "一件の起案の内容、影響、照合値を表示します",
            "One request: what was filled in, what it would change, and its fingerprint";
        "approval <approval>": "起案の番号", "Its number";
        "approval approve": "起案を承認します", "Approves a request";
        "approval send-back": "起案を差し戻します。起案者が直して再提出します", "Sends a request back to its requester, to be changed and handed in again";
        "approval deny": "起案を否認します", "Denies a request";
        "approval withdraw": "自分の起案を引き戻します", "Takes your own request back";
        "approval decide":
            "複数の起案をまとめて決裁し、一件ごとに結果を表示します。ファイルの行は「番号,approve|send_back|deny,照合値,理由」です",
            "Decides several requests, and says of each what came of it: a file of lines `NUMBER,approve|send_back|deny,FINGERPRINT,WHY`";
        "approval --fingerprint":
            "確認した内容の照合値。`approval show` が表示します。先頭の12文字で足ります",
            "The fingerprint of what you looked at, as `approval show` prints it; its first twelve characters are enough";
    }
}
