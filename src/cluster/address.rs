//! Addresses as they are typed: `df://host:port` of a scheduler, `host:port` to listen on.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

/// The port of a scheduler where none is told, as Ballista's own.
pub(super) const SCHEDULER_PORT: u16 = 50050;

/// Where a scheduler is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchedulerAddress {
    /// A name, or an IP address without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
}

impl SchedulerAddress {
    /// As a URL has it: an IPv6 address in brackets.
    #[must_use]
    pub fn authority(&self) -> String {
        format!("{}:{}", bracketed(&self.host), self.port)
    }
}

/// A host as a URL has it: an IPv6 address in brackets.
pub(super) fn bracketed(host: &str) -> String {
    if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
}

impl fmt::Display for SchedulerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "df://{}", self.authority())
    }
}

impl FromStr for SchedulerAddress {
    type Err = String;

    /// Reads `df://HOST:PORT`; `df://` and the port may be left out.
    fn from_str(text: &str) -> Result<Self, String> {
        let expected =
            || format!("expected the address of a scheduler as `df://HOST:{SCHEDULER_PORT}`, found `{text}`");
        let rest = text.strip_prefix("df://").unwrap_or(text).trim_end_matches('/');
        let (host, port) = host_and_port(rest).ok_or_else(expected)?;
        let fits = |c: char| c.is_ascii_alphanumeric() || "-._:".contains(c);
        if host.is_empty() || !host.chars().all(fits) {
            return Err(expected());
        }
        Ok(Self { host, port: port.unwrap_or(SCHEDULER_PORT) })
    }
}

/// Where a process listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bind {
    /// The address of an interface; unspecified (`0.0.0.0`, `::`) for all.
    pub ip: IpAddr,
    /// None where none was told.
    pub port: Option<u16>,
}

impl Bind {
    /// Loopback, with no port told.
    pub const LOOPBACK: Bind = Bind { ip: IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), port: None };

    /// The address to listen on; `port` where none was told.
    #[must_use]
    pub fn socket(self, port: u16) -> SocketAddr {
        SocketAddr::new(self.ip, self.port.unwrap_or(port))
    }
}

impl FromStr for Bind {
    type Err = String;

    /// Reads `IP` or `IP:PORT`.
    fn from_str(text: &str) -> Result<Self, String> {
        let expected =
            || format!("expected an IP address as `127.0.0.1` or `10.0.0.7:50050`, found `{text}`");
        let (host, port) = host_and_port(text).ok_or_else(expected)?;
        let host = if host == "localhost" { "127.0.0.1" } else { &host };
        Ok(Self { ip: host.parse().map_err(|_| expected())?, port })
    }
}

/// The parts of `HOST`, `HOST:PORT`, `[V6]` or `[V6]:PORT`. None where the port is no number.
fn host_and_port(text: &str) -> Option<(String, Option<u16>)> {
    if let Some(rest) = text.strip_prefix('[') {
        let (host, rest) = rest.split_once(']')?;
        return match rest.strip_prefix(':') {
            Some(port) => Some((host.to_owned(), Some(port.parse().ok()?))),
            None => rest.is_empty().then(|| (host.to_owned(), None)),
        };
    }
    match text.rsplit_once(':') {
        // More colons than one: an IPv6 address without brackets has no port.
        Some((host, _)) if host.contains(':') => Some((text.to_owned(), None)),
        Some((host, port)) => Some((host.to_owned(), Some(port.parse().ok()?))),
        None => Some((text.to_owned(), None)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedulers_address_is_read_with_and_without_scheme_and_port() {
        for (text, host, port) in [
            ("df://scheduler.example:50050", "scheduler.example", 50050),
            ("df://192.0.2.7:7", "192.0.2.7", 7),
            ("192.0.2.7", "192.0.2.7", SCHEDULER_PORT),
            ("df://[2001:db8::1]:9", "2001:db8::1", 9),
            ("2001:db8::1", "2001:db8::1", SCHEDULER_PORT),
            ("df://localhost:1/", "localhost", 1),
        ] {
            let address: SchedulerAddress = text.parse().unwrap();
            assert_eq!((address.host.as_str(), address.port), (host, port), "{text}");
        }
        assert_eq!(
            "2001:db8::1".parse::<SchedulerAddress>().unwrap().to_string(),
            "df://[2001:db8::1]:50050"
        );
    }

    #[test]
    fn an_address_that_is_none_is_refused_with_what_was_expected() {
        for text in ["", "df://", "df://host:port", "df://host:99999", "http://host:1", "df://a b:1", "[::1"]
        {
            let error = text.parse::<SchedulerAddress>().unwrap_err();
            assert!(error.contains("df://HOST:50050") && error.contains(text), "{error}");
        }
    }

    #[test]
    fn a_process_listens_on_an_ip_address_only() {
        assert_eq!("127.0.0.1".parse::<Bind>().unwrap(), Bind::LOOPBACK);
        assert_eq!("0.0.0.0:7".parse::<Bind>().unwrap().socket(1).to_string(), "0.0.0.0:7");
        assert_eq!("[::1]".parse::<Bind>().unwrap().socket(1).to_string(), "[::1]:1");
        assert!("scheduler.example:7".parse::<Bind>().unwrap_err().contains("expected an IP address"));
    }
}
