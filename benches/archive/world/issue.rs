//! The sessions of roles and users, and the records that tell of their making.

use super::super::random::Random;
use super::super::text::{self, base64};
use super::{Account, HOUR, Identity, Origin, Role, Slot, USERS, key_of, service_identity};

/// The record of an issuance, but for what every record has.
#[derive(Debug)]
pub(crate) struct Issuance {
    pub(crate) time: i64,
    pub(crate) source: &'static str,
    pub(crate) name: &'static str,
    pub(crate) caller: Identity,
    /// For a caller of another account: all that the role's account sees of it.
    pub(crate) outside: Option<String>,
    pub(crate) request: String,
    pub(crate) response: String,
    pub(crate) more: String,
}

/// What a session is called, when it begins, how many seconds it has, and who speaks.
struct Term<'a> {
    name: &'a str,
    time: i64,
    seconds: i64,
    agent: &'static str,
}

impl Account {
    /// Makes the session of a slot, and the record that tells of it.
    pub(super) fn issue(
        &self,
        slot: usize,
        time: i64,
        caller: Identity,
        random: &mut Random,
    ) -> Option<(Identity, Issuance)> {
        let slot = self.slots.get(slot)?;
        let role = self.roles.get(slot.role)?;
        match slot.origin {
            Origin::Service(service) => Some(self.by_service(service, slot, role, time, random)),
            Origin::User | Origin::Chain | Origin::OtherAccount => {
                Some(self.by_caller(slot, role, time, caller, random))
            }
            Origin::Web => Some(self.by_web_identity(slot, role, time, random)),
            Origin::Portal => Some(self.by_portal(slot, role, time, random)),
            Origin::Console => Some(self.by_password(slot, time, random)),
        }
    }

    fn by_service(
        &self,
        service: &'static str,
        slot: &Slot,
        role: &Role,
        time: i64,
        random: &mut Random,
    ) -> (Identity, Issuance) {
        let instance = service == "ec2";
        let name = if instance {
            format!("i-0{:016x}", slot.number)
        } else {
            format!("shop-handler-{:02}", slot.number % 80)
        };
        let delivery = if instance { r#","ec2RoleDelivery":"2.0""# } else { "" };
        let hours = if instance { 6 * HOUR } else { HOUR };
        let session = self.session(
            role,
            &Term { name: &name, time, seconds: hours, agent: slot.agent },
            delivery,
            random,
        );
        let mut shared = String::new();
        text::uuid(random, &mut shared);
        let issuance = Issuance {
            time,
            source: "sts",
            name: "AssumeRole",
            caller: service_identity(service, &self.number),
            outside: None,
            request: format!(r#"{{"roleArn":"{}","roleSessionName":"{name}"}}"#, role.arn),
            response: answer(role, &session, &name, time + hours, !instance, random),
            more: format!(r#"{},"sharedEventID":"{shared}","#, resources_of(role, &self.number)),
        };
        (session, issuance)
    }

    fn by_caller(
        &self,
        slot: &Slot,
        role: &Role,
        time: i64,
        caller: Identity,
        random: &mut Random,
    ) -> (Identity, Issuance) {
        let name = if slot.number.is_multiple_of(3) {
            format!("botocore-session-{time}")
        } else {
            format!("user-{:02}", slot.number % USERS)
        };
        let session =
            self.session(role, &Term { name: &name, time, seconds: HOUR, agent: caller.agent }, "", random);
        let session = Identity { address: caller.address.clone(), ..session };
        let mut more = format!("{},", resources_of(role, &self.number));
        let outside = (caller.account != self.number).then(|| {
            more.push_str(r#""sharedEventID":""#);
            text::uuid(random, &mut more);
            more.push_str("\",");
            format!(
                r#"{{"type":"AWSAccount","principalId":"{}","accountId":"{}"}}"#,
                caller.principal_id, caller.account
            )
        });
        let issuance = Issuance {
            time,
            source: "sts",
            name: "AssumeRole",
            caller,
            outside,
            request: format!(
                r#"{{"roleArn":"{}","roleSessionName":"{name}","durationSeconds":3600}}"#,
                role.arn
            ),
            response: answer(role, &session, &name, time + HOUR, true, random),
            more,
        };
        (session, issuance)
    }

    fn by_web_identity(
        &self,
        slot: &Slot,
        role: &Role,
        time: i64,
        random: &mut Random,
    ) -> (Identity, Issuance) {
        let account = &self.number;
        let (provider, subject, name) = if slot.number.is_multiple_of(2) {
            let subject = format!("repo:example-org/service-{:02}:ref:refs/heads/main", slot.number % 40);
            ("token.actions.githubusercontent.com".to_owned(), subject, "GitHubActions".to_owned())
        } else {
            let subject = format!("system:serviceaccount:shop:worker-{:02}", slot.number % 40);
            (
                format!("oidc.eks.us-east-1.amazonaws.com/id/{:032X}", slot.number),
                subject,
                format!("{}", time * 1_000_000_007),
            )
        };
        let provider = format!("arn:aws:iam::{account}:oidc-provider/{provider}");
        let federation =
            format!(r#","webIdFederationData":{{"federatedProvider":"{provider}","attributes":{{}}}}"#);
        let session = self.session(
            role,
            &Term { name: &name, time, seconds: HOUR, agent: slot.agent },
            &federation,
            random,
        );
        let audience = "sts.amazonaws.com";
        let json = format!(
            r#"{{"type":"WebIdentityUser","principalId":"{provider}:{audience}:{subject}","userName":"{subject}","identityProvider":"{provider}"}}"#
        );
        let told = answer(role, &session, &name, time + HOUR, true, random);
        let told = told.strip_suffix('}').unwrap_or(&told);
        let issuance = Issuance {
            time,
            source: "sts",
            name: "AssumeRoleWithWebIdentity",
            caller: Identity {
                json,
                account: account.clone(),
                address: session.address.clone(),
                agent: slot.agent,
                ..Identity::default()
            },
            outside: None,
            request: format!(r#"{{"roleArn":"{}","roleSessionName":"{name}"}}"#, role.arn),
            response: format!(
                r#"{told},"subjectFromWebIdentityToken":"{subject}","provider":"{provider}","audience":"{audience}"}}"#
            ),
            more: format!("{},", resources_of(role, account)),
        };
        (session, issuance)
    }

    /// Identity Center: the answer names a key that is never used.
    fn by_portal(&self, slot: &Slot, role: &Role, time: i64, random: &mut Random) -> (Identity, Issuance) {
        let account = &self.number;
        let name = format!("person-{:02}@example.com", slot.number % 40);
        let session =
            self.session(role, &Term { name: &name, time, seconds: HOUR, agent: slot.agent }, "", random);
        let unused = Identity { key: Some(key_of("ASIA", account, random)), ..session.clone() };
        let provider = format!("arn:aws:iam::{account}:saml-provider/AWSSSO_0123456789abcdef_DO_NOT_DELETE");
        let json = format!(
            r#"{{"type":"SAMLUser","principalId":"EXAMPLEzQ1x2y3z4w5=:{name}","userName":"{name}","identityProvider":"EXAMPLEzQ1x2y3z4w5="}}"#
        );
        let told = answer(role, &unused, &name, time + HOUR, true, random);
        let told = told.strip_suffix('}').unwrap_or(&told);
        let mut assertion = String::new();
        text::uuid(random, &mut assertion);
        let issuance = Issuance {
            time,
            source: "sts",
            name: "AssumeRoleWithSAML",
            caller: Identity {
                json,
                account: account.clone(),
                address: session.address.clone(),
                agent: "aws-internal/3",
                ..Identity::default()
            },
            outside: None,
            request: format!(
                r#"{{"sAMLAssertionID":"_{assertion}","roleSessionName":"{name}","durationSeconds":3600,"roleArn":"{}","principalArn":"{provider}"}}"#,
                role.arn
            ),
            response: format!(
                r#"{told},"subjectType":"persistent","subject":"{name}","issuer":"https://portal.sso.us-east-1.amazonaws.com/saml/assertion/EXAMPLE","nameQualifier":"EXAMPLEzQ1x2y3z4w5=","audience":"https://signin.aws.amazon.com/saml"}}"#
            ),
            more: format!("{},", resources_of(role, account)),
        };
        (session, issuance)
    }

    /// A user signs in to the console; the session's key is told by no record.
    fn by_password(&self, slot: &Slot, time: i64, random: &mut Random) -> (Identity, Issuance) {
        let user = random.pick(&self.users).cloned().unwrap_or_default();
        let key = key_of("ASIA", &self.number, random);
        let name = user.arn.rsplit_once('/').map_or("", |(_, name)| name);
        let mut created = String::new();
        text::iso(time, &mut created);
        let head = format!(
            r#"{{"type":"IAMUser","principalId":"{}","arn":"{}","accountId":"{}","#,
            user.principal_id, user.arn, self.number
        );
        let json = format!(
            r#"{head}"accessKeyId":"{key}","userName":"{name}","sessionContext":{{"attributes":{{"creationDate":"{created}","mfaAuthenticated":"true"}}}}}}"#
        );
        let session = Identity {
            json,
            key: Some(key),
            agent: slot.agent,
            from: time,
            until: time + 12 * HOUR,
            console: true,
            ..user.clone()
        };
        let issuance = Issuance {
            time,
            source: "signin",
            name: "ConsoleLogin",
            caller: Identity { json: format!(r#"{head}"userName":"{name}"}}"#), key: None, agent: slot.agent, ..user },
            outside: None,
            request: "null".to_owned(),
            response: r#"{"ConsoleLogin":"Success"}"#.to_owned(),
            more: r#""additionalEventData":{"LoginTo":"https://console.aws.amazon.com/console/home","MobileVersion":"No","MFAUsed":"Yes"},"#.to_owned(),
        };
        (session, issuance)
    }

    /// A session of a role; `context` are further members of its sessionContext.
    fn session(&self, role: &Role, term: &Term<'_>, context: &str, random: &mut Random) -> Identity {
        let account = &self.number;
        let Term { name, time, seconds, agent } = *term;
        let key = key_of("ASIA", account, random);
        let arn = format!("arn:aws:sts::{account}:assumed-role/{}/{name}", role.name);
        let mut created = String::new();
        text::iso(time, &mut created);
        let json = format!(
            r#"{{"type":"AssumedRole","principalId":"{id}:{name}","arn":"{arn}","accountId":"{account}","accessKeyId":"{key}","sessionContext":{{"sessionIssuer":{{"type":"Role","principalId":"{id}","arn":"{role_arn}","accountId":"{account}","userName":"{role_name}"}},"attributes":{{"creationDate":"{created}","mfaAuthenticated":"false"}}{context}}}}}"#,
            id = role.id,
            role_arn = role.arn,
            role_name = role.name,
        );
        let mut address = String::new();
        let endpoint = random.chance(0.05).then(|| format!("vpce-0{:016x}", random.below(9)));
        text::address(random.next(), &mut address);
        Identity {
            json,
            key: Some(key),
            arn,
            principal_id: format!("{}:{name}", role.id),
            account: account.clone(),
            address,
            agent,
            from: time,
            until: time + seconds,
            endpoint,
            console: false,
        }
    }
}

fn answer(role: &Role, session: &Identity, name: &str, ends: i64, user: bool, random: &mut Random) -> String {
    let mut token = String::from("IQoJb3JpZ2luX2VjE");
    base64(random, 340, &mut token);
    let key = session.key.as_deref().unwrap_or_default();
    let expiration = text::long(ends);
    let mut out = format!(
        r#"{{"credentials":{{"accessKeyId":"{key}","sessionToken":"{token}","expiration":"{expiration}"}}"#
    );
    if user {
        let arn = &session.arn;
        out.push_str(r#","assumedRoleUser":{"assumedRoleId":""#);
        out.extend([role.id.as_str(), ":", name, r#"","arn":""#, arn, r#""}"#]);
    }
    out.push('}');
    out
}

fn resources_of(role: &Role, account: &str) -> String {
    format!(r#""resources":[{{"accountId":"{account}","type":"AWS::IAM::Role","ARN":"{}"}}]"#, role.arn)
}
