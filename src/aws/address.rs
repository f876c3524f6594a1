//! Where a request came from, and short names of services.

use std::net::IpAddr;

/// The domains of AWS services.
const SERVICE_DOMAINS: [&str; 2] = [".amazonaws.com", ".amazonaws.com.cn"];

/// The short name of a service: `iam` for `iam.amazonaws.com`, `monitoring` for `monitoring.amazonaws.com`. What is no
/// name of a service stays as it is.
#[must_use]
pub fn service_of(event_source: &str) -> &str {
    service_label(event_source).unwrap_or(event_source)
}

fn service_label(name: &str) -> Option<&str> {
    SERVICE_DOMAINS.iter().find_map(|domain| name.strip_suffix(domain)).filter(|label| !label.is_empty())
}

/// What a record's `sourceIPAddress` says: an address, a service that made the request, or that it came from inside AWS
/// (<https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html>).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SourceAddress<'a> {
    /// An address of the internet.
    Public(IpAddr),
    /// An address that only a private network has: of a VPC endpoint, a host, or a carrier's shared range.
    Private(IpAddr),
    /// A service, by its short name.
    Service(&'a str),
    /// `AWS Internal`.
    Internal,
    /// Any other text, hostile or redacted.
    Other(&'a str),
}

impl<'a> SourceAddress<'a> {
    /// Reads the text; never fails.
    #[must_use]
    pub fn parse(text: &'a str) -> Self {
        if let Ok(address) = text.parse::<IpAddr>() {
            return if is_private(address) { Self::Private(address) } else { Self::Public(address) };
        }
        match service_label(text) {
            Some(service) => Self::Service(service),
            // Also seen as `AWS Internal/#`.
            None if text.split('/').next() == Some("AWS Internal") => Self::Internal,
            None => Self::Other(text),
        }
    }

    /// The address, where it is one.
    #[must_use]
    pub fn ip(self) -> Option<IpAddr> {
        match self {
            Self::Public(address) | Self::Private(address) => Some(address),
            Self::Service(_) | Self::Internal | Self::Other(_) => None,
        }
    }
}

/// Private use (RFC 1918, RFC 4193), shared (RFC 6598), link-local and loopback ranges.
fn is_private(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            let [first, second, ..] = v4.octets();
            let shared = first == 100 && (64..128).contains(&second);
            v4.is_private() || v4.is_loopback() || v4.is_link_local() || shared
        }
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn services_lose_their_domain() {
        for (source, label) in [
            ("iam.amazonaws.com", "iam"),
            ("monitoring.amazonaws.com", "monitoring"),
            ("ec2.amazonaws.com.cn", "ec2"),
            (".amazonaws.com", ".amazonaws.com"),
            ("example.com", "example.com"),
            ("", ""),
        ] {
            assert_eq!(service_of(source), label);
        }
    }

    #[test]
    fn addresses_are_public_or_private() {
        for text in ["192.0.2.1", "203.0.113.9", "2001:db8::1", "100.128.0.1", "172.32.0.1"] {
            assert!(matches!(SourceAddress::parse(text), SourceAddress::Public(_)), "{text}");
        }
        for text in [
            "10.0.0.1",
            "172.16.0.1",
            "192.168.1.1",
            "127.0.0.1",
            "169.254.1.1",
            "100.64.0.1",
            "fd00::1",
            "::ffff:10.0.0.1",
        ] {
            assert!(matches!(SourceAddress::parse(text), SourceAddress::Private(_)), "{text}");
        }
    }

    #[test]
    fn services_and_aws_itself_are_no_addresses() {
        assert_eq!(SourceAddress::parse("ec2.amazonaws.com"), SourceAddress::Service("ec2"));
        assert_eq!(SourceAddress::parse("AWS Internal"), SourceAddress::Internal);
        assert_eq!(SourceAddress::parse("AWS Internal/#"), SourceAddress::Internal);
        for text in ["", "AWS Internals", "192.0.2.1:443", "192.0.2.0/24", "HIDDEN_DUE_TO_SECURITY_REASONS"] {
            assert_eq!(SourceAddress::parse(text), SourceAddress::Other(text));
            assert_eq!(SourceAddress::parse(text).ip(), None);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(text in any::<String>()) {
            let address = SourceAddress::parse(&text);
            prop_assert!(matches!(address, SourceAddress::Service(_)) || service_of(&text) == text);
        }
    }
}
