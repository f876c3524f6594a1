//! What other records than the two of a link tell: who bears an id, what else was recorded of one request, and whether a
//! session is somebody else's than its records name.

use std::collections::BTreeSet;

use super::field::{self, action, text};
use super::{Answer, Caller, Credential, DELEGATE, Issuance, NOT_IN_LAKE, SLACK, Twin, agree, read};

impl Twin {
    /// Whether a session that was created in the very second of an issuance signs with its key.
    pub(super) fn has_own_session(&self, i: &Issuance) -> bool {
        let is_own = |caller: &Caller| match caller {
            Caller::Credential(c) => {
                i.made.key.is_some()
                    && i.made.key == c.key
                    && c.created == Some(i.time)
                    && i.made.is_in(&c.home)
                    && agree(&i.made, c)
            }
            Caller::End(_) => false,
        };
        self.callers.iter().any(is_own)
    }

    /// Whether a step in the portal led into a session: it is of the role, and of the person. None where it is of the role and
    /// neither the two records nor all others tell of whom.
    pub(super) fn is_of_person(&self, issuance: &Issuance, c: &Credential) -> Option<bool> {
        let Some((permission_set, [user, id, store])) = &issuance.portal else { return Some(false) };
        let (role, name) = c.role_session();
        // Roles of Identity Center have a path of their own.
        let issuer = self.told(c, "/userIdentity/sessionContext/sessionIssuer/arn");
        let of_path = issuer.is_none_or(|issuer| issuer.contains(":role/aws-reserved/sso.amazonaws.com/"));
        let of_set = of_path && role.starts_with(&format!("AWSReservedSSO_{permission_set}_"));
        let own = self.told(c, "/userIdentity/onBehalfOf/identityStoreArn");
        let same_store = own.as_ref().zip(store.as_ref()).is_none_or(|(own, store)| own == store);
        if !(of_set && issuance.made.home == c.home && same_store) {
            return Some(false);
        }
        let same_user = user.as_ref().map(|user| *user == name);
        let own = self.told(c, "/userIdentity/onBehalfOf/userId");
        let same_id = own.as_ref().zip(id.as_ref()).map(|(own, id)| own == id);
        if same_user.is_some() || same_id.is_some() {
            return Some(same_user != Some(false) && same_id != Some(false));
        }
        let (mut names, mut ids) = (BTreeSet::new(), BTreeSet::new());
        for (place, logged) in self.records.iter().enumerate() {
            let told = |field: &str| text(&logged.record, &format!("/userIdentity/{field}"));
            let known = match &self.callers[place] {
                Caller::Credential(other) => Some(other.role_session()),
                Caller::End(_) => told("userName").map(|name| ("AWSReservedSSO_".to_owned(), name)),
            };
            let Some((_, of)) = known.filter(|(role, _)| role.starts_with("AWSReservedSSO_")) else {
                continue;
            };
            let other_store = told("onBehalfOf/identityStoreArn").zip(store.clone());
            let Some(other) = told("onBehalfOf/userId").filter(|_| other_store.is_none_or(|(a, b)| a == b))
            else {
                continue;
            };
            if Some(&other) == id.as_ref() {
                names.insert(of.clone());
            }
            if of == name {
                ids.insert(other);
            }
        }
        match (names.is_empty(), ids.is_empty()) {
            (true, true) => None,
            (true, false) => Some(false),
            (false, _) => Some(names.contains(&name)),
        }
    }

    /// The copy, in the caller's own account, of a record that names a principal of another account.
    pub(super) fn copy_of(&self, place: usize) -> Option<usize> {
        let record = &self.records[place].record;
        let home = text(record, "/userIdentity/accountId")?;
        let shared = text(record, "/sharedEventID").filter(|_| record["eventCategory"] != "Insight")?;
        let is_own = |other: &usize| {
            let by = matches!(&self.callers[*other], Caller::Credential(c) if c.home == home);
            by && self.accounts[*other] == home
                && text(&self.records[*other].record, "/sharedEventID").as_ref() == Some(&shared)
        };
        (0..self.records.len()).find(is_own)
    }

    /// Whether the source identity of a session, where it bears one, may come from an issuance: asked for, or the maker's.
    pub(super) fn may_bear_identity(&self, c: &Credential, issuance: &Issuance) -> bool {
        let identity = "/userIdentity/sessionContext/sourceIdentity";
        let Some(own) = self.told(c, identity) else { return true };
        let asked = text(&self.records[issuance.place].record, "/requestParameters/sourceIdentity");
        let makers = match &issuance.parent {
            Caller::Credential(maker) => self.told(maker, identity),
            Caller::End(_) => None,
        };
        [asked, makers].into_iter().flatten().all(|made| made == own)
    }

    /// Whether a session names this user as its issuer, or this provider; or neither.
    pub(super) fn is_vouched(&self, c: &Credential, issuance: &Issuance, voucher: &str) -> bool {
        let context = "/userIdentity/sessionContext";
        if action(&self.records[issuance.place].record).1 == "GetFederationToken" {
            let issuer = self.told(c, &format!("{context}/sessionIssuer/arn"));
            return issuer.is_none_or(|issuer| issuer.contains(":role/") || issuer == voucher);
        }
        let provider = self.told(c, &format!("{context}/webIdFederationData/federatedProvider"));
        provider.is_none_or(|provider| field::provider(&provider) == voucher)
    }

    /// Whether a session of root is one of AssumeRoot.
    pub(super) fn is_assumed_root(&self, c: &Credential) -> bool {
        let assumed = |place: usize| {
            let mark = &self.records[place].record["userIdentity"]["sessionContext"]["assumedRoot"];
            *mark == true || *mark == "true"
        };
        c.kind == "Root" && self.of(c).any(assumed)
    }

    /// The end at a session whose record itself says that it is somebody else's than that of the identity that it names: of a
    /// delegate, or of whoever called AssumeRoot.
    pub(super) fn end_of_others(&self, c: &Credential) -> Option<Answer> {
        let is_here = |account: &dyn Fn(&String) -> bool| self.accounts.iter().any(account);
        if let Some(delegate) = self.told(c, DELEGATE) {
            let covered = is_here(&|account| *account == delegate);
            let gap = if covered { "record-missing" } else { NOT_IN_LAKE };
            return Some(Answer::end("account", &delegate, None, None, Some(gap)));
        }
        let created = c.created.filter(|_| self.is_assumed_root(c));
        let hides = |place: usize| {
            let near = created.zip(self.times[place]).is_some_and(|(a, b)| (a - b).abs() <= SLACK);
            let record = &self.records[place].record;
            near && action(record).1 == "AssumeRoot" && read::hides(record, "Root", c.arn.as_deref(), &c.home)
        };
        let others = is_here(&|account| !account.is_empty() && *account != c.home);
        let gap = if (0..self.records.len()).any(hides) {
            "response-hidden"
        } else if others {
            "record-missing"
        } else {
            NOT_IN_LAKE
        };
        self.is_assumed_root(c).then(|| Answer::end("unknown", &c.home, c.arn.as_deref(), None, Some(gap)))
    }
}
