//! Signing on, and the keys of a session.
//!
//! With [`Keying::Session`](crate::authentic::Keying::Session) it takes two questions: the first exchanges nonces and proves nothing, the
//! second and its answer prove each side by MACs under keys that follow from both nonces. So nothing of an earlier connection, played back, is ever an answer on this one.

use super::keys::Authenticity;
use super::{Control, MessageKind, Outcome, Phase, Session, SessionFault};
use crate::authentic::Covered;
use kazasu_schemas::ids::Stan;
use kazasu_schemas::mac::MacKey;
use kazasu_schemas::wire::{IssuerNonces, Network, NetworkCode, Nonce, ResponseCode};

impl Session {
    /// The key of what is written now; `None` when nothing authenticates it.
    #[must_use]
    pub fn outgoing_key(&self) -> Option<&MacKey> {
        self.keys.outgoing()
    }

    /// Whether a message is the issuer's: `covered` is what its MAC covers, and the MAC.
    #[must_use]
    pub fn authenticity(&self, now: u64, covered: Option<Covered<'_>>) -> Authenticity {
        self.keys.authenticity(now, covered)
    }

    /// The nonce that the driver wrote into the sign-on which it was just handed ([`Transmit::SignOn`](super::Transmit::SignOn)). The
    /// driver draws it: a state machine has no randomness.
    pub fn drew(&mut self, nonce: Nonce) {
        self.keys.nonce = Some(nonce);
    }

    /// Begins to sign on.
    pub(super) fn sign_on(&mut self, now: u64) {
        self.keys.nonce = None;
        self.keys.next = None;
        let stan = match self.keys.master() {
            None => self.ask(NetworkCode::SignOn, None),
            Some(_) => {
                self.stans += 1;
                let stan = Stan::wrapping(self.stans);
                self.controls.push_back(Control::SignOn(stan));
                stan
            }
        };
        self.phase = Phase::SigningOn { stan, deadline: now + self.limits.answer_timeout };
    }

    /// Takes an answer to the sign-on or to its proof. Gives false when it is neither; that proves nothing, unless its MAC does
    /// (`covered`, as for [`Session::authenticity`]).
    pub fn sign_on_answered(
        &mut self,
        now: u64,
        message: &Network,
        covered: Option<Covered<'_>>,
    ) -> Result<bool, SessionFault> {
        if message.mti.is_question() {
            return Ok(false);
        }
        match self.phase {
            Phase::SigningOn { stan, .. } if message.purpose == NetworkCode::SignOn && message.stan == stan => {
                let Some(master) = self.keys.master().cloned() else {
                    // Without session keys the answer is all there is, and counts under the agreed MAC only.
                    if self.authenticity(now, covered) == Authenticity::Unproven {
                        return Ok(false);
                    }
                    self.approved(message, SessionFault::SignOnRefused)?;
                    self.is_up(now);
                    return Ok(true);
                };
                self.approved(message, SessionFault::SignOnRefused)?;
                let mut all = master.all_keys(self.keys.institution, &self.nonces(message)?);
                let at = self.keys.turn % all.len().max(1);
                self.keys.next = (at < all.len()).then(|| all.swap_remove(at));
                let stan = self.ask(NetworkCode::KeyChange, None);
                self.phase = Phase::Proving { stan, deadline: now + self.limits.answer_timeout };
                Ok(true)
            }
            Phase::Proving { stan, .. } if message.purpose == NetworkCode::KeyChange && message.stan == stan => {
                let refused = !message.code.is_some_and(ResponseCode::is_approved);
                if !refused && !self.keys.is_proof(covered) {
                    return Ok(false);
                }
                // A refusal has no MAC where the issuer has found none; it ends a session that has not begun, and nothing else. The
                // issuer may have only the other version of the key.
                self.keys.turn = if refused { self.keys.turn.wrapping_add(1) } else { self.keys.turn };
                self.approved(message, SessionFault::ProofRefused)?;
                self.keys.change(now + self.limits.answer_timeout);
                self.is_up(now);
                Ok(true)
            }
            Phase::Down { .. }
            | Phase::Connecting
            | Phase::SigningOn { .. }
            | Phase::Proving { .. }
            | Phase::SignedOff { .. }
            | Phase::Up => Ok(false),
        }
    }

    fn approved(&mut self, answer: &Network, fault: fn(ResponseCode) -> SessionFault) -> Result<(), SessionFault> {
        let code = answer.code.unwrap_or(ResponseCode::FORMAT);
        let approved = code.is_approved();
        self.counts.add(MessageKind::Network, if approved { Outcome::Approved } else { Outcome::Declined });
        if approved { Ok(()) } else { Err(fault(code)) }
    }

    /// Both nonces, out of an answer that repeats ours.
    fn nonces(&self, answer: &Network) -> Result<IssuerNonces, SessionFault> {
        let private = answer.private.as_deref().unwrap_or_default();
        let nonces = IssuerNonces::from_answer(private).map_err(|_| SessionFault::NoNonce)?;
        if self.keys.nonce != Some(nonces.switch) {
            return Err(SessionFault::OtherNonce);
        }
        Ok(nonces)
    }

    fn is_up(&mut self, now: u64) {
        self.phase = Phase::Up;
        self.first = false;
        self.reconnect.works();
        self.echo_due = now + self.limits.echo_interval;
        self.advices.resume(now);
    }
}
