//! What is refused of a record, and what is not.

use super::*;

#[test]
fn an_account_of_any_text_is_no_reason_to_refuse_a_record() {
    let text = br#"{"recipientAccountId":"\u0000\\","eventTime":"2026-03-09T10:00:00Z"}"#;
    let mut members = Vec::new();
    scan::object(text, 0, &mut members).unwrap();
    let mut part = Part::default();
    Decoder::default().decode(text, &members, (0, 0), 0, &mut part).unwrap();
    assert_eq!(part.interner(Column::Account).get(part.id(0, Column::Account)), b"\0\\");
}

#[test]
fn names_that_repeat_are_told_however_many_came_between() {
    let mut decoder = Decoder::default();
    let mut part = Part::default();
    let mut read = |text: String| {
        let mut members = Vec::new();
        scan::object(text.as_bytes(), 0, &mut members).unwrap();
        decoder.decode(text.as_bytes(), &members, (0, 0), 0, &mut part)
    };
    let time = r#""eventTime":"2026-03-09T10:00:00Z""#;
    for others in [0, 1, 600] {
        let others: Vec<String> = (0..others).map(|other| format!(r#","k{other}":1"#)).collect();
        let others = others.concat();
        assert_eq!(read(format!(r#"{{{time},"a":1{others}}}"#)), Ok(()));
        for again in ["a", r"\u0061"] {
            let found = read(format!(r#"{{{time},"a":1{others},"{again}":2}}"#));
            assert_eq!(found, Err(Reason::Repeated("a".to_owned())), "{again}");
        }
    }
}

#[test]
fn what_is_wrong_first_is_the_reason_whatever_was_read_before() {
    let read = |decoder: &mut Decoder, text: &str| {
        let (mut members, mut part) = (Vec::new(), Part::default());
        scan::object(text.as_bytes(), 0, &mut members).unwrap();
        decoder.decode(text.as_bytes(), &members, (0, 0), 0, &mut part)
    };
    for (first, again) in [(r"\u0061", "a"), ("a", r"\u0061"), ("a", "a")] {
        let text = format!(r#"{{"{first}":1,"resources":[,],"{again}":2}}"#);
        let mut decoder = Decoder::default();
        let fresh = read(&mut decoder, &text);
        assert!(matches!(fresh, Err(Reason::MalformedMember { .. })), "{fresh:?}");
        assert_eq!(read(&mut decoder, &text), fresh, "{first} {again}");
    }
}

#[test]
fn a_raw_control_character_is_refused_whatever_was_read_before() {
    let read = |decoder: &mut Decoder, part: &mut Part, agent: &str| {
        let text = format!(r#"{{"eventTime":"2026-03-09T10:00:00Z","userAgent":"{agent}"}}"#);
        let mut members = Vec::new();
        scan::object(text.as_bytes(), 0, &mut members).unwrap();
        decoder.decode(text.as_bytes(), &members, (0, 0), 0, part)
    };
    let (mut decoder, mut part) = (Decoder::default(), Part::default());
    read(&mut decoder, &mut part, r"a\tb").unwrap();
    for raw in ["a\tb", "\\u0061\tb"] {
        let fresh = read(&mut Decoder::default(), &mut Part::default(), raw);
        assert!(matches!(fresh, Err(Reason::MalformedMember { .. })), "{fresh:?}");
        assert_eq!(read(&mut decoder, &mut part, raw), fresh, "{raw:?}");
    }
}

#[test]
fn short_values_are_known_again_only_where_all_of_them_is_equal() {
    let (mut decoder, mut part) = (Decoder::default(), Part::default());
    let columns = [Column::UserAgent, Column::SourceIpAddress, Column::UserName];
    // The first and the last eight bytes are the same.
    let values = ["agent-1-and-more-to-come", "agent-1-and-less-to-come", r"agent-1-\u0061nd-to-come"];
    for _ in 0..2 {
        for value in values {
            let text = format!(
                r#"{{"eventTime":"2026-03-09T10:00:00Z","userAgent":"{value}","sourceIPAddress":"{value}","userIdentity":{{"userName":"{value}"}}}}"#
            );
            let mut members = Vec::new();
            scan::object(text.as_bytes(), 0, &mut members).unwrap();
            decoder.decode(text.as_bytes(), &members, (0, 0), 0, &mut part).unwrap();
            for column in columns {
                let id = part.id(part.len() - 1, column);
                let found = String::from_utf8_lossy(part.interner(column).get(id)).into_owned();
                assert_eq!(found, value.replace(r"\u0061", "a"));
            }
        }
    }
    let fingerprints: Vec<u64> = part.fixed.iter().map(|fixed| fixed.fingerprint).collect();
    let (first, second) = fingerprints.split_at(values.len());
    assert_eq!(first, second);
}

#[test]
fn a_part_is_full_whatever_column_its_bytes_are_in() {
    for column in ["errorCode", "eventContext", "tlsDetails", "requestID"] {
        let (mut decoder, mut part) = (Decoder::default(), Part::default());
        let mut bytes = 0;
        while !part.is_full() {
            let value = format!("{:0>60000}", part.len());
            let value = if column == "tlsDetails" {
                format!(r#"{{"x":"{value}"}}"#)
            } else {
                format!(r#""{value}""#)
            };
            let text = format!(r#"{{"eventTime":"2026-03-09T10:00:00Z","{column}":{value}}}"#);
            let mut members = Vec::new();
            scan::object(text.as_bytes(), 0, &mut members).unwrap();
            decoder.decode(text.as_bytes(), &members, (0, 0), 0, &mut part).unwrap();
            bytes += text.len();
            assert!(bytes < 14 * 1024 * 1024, "{column}: {} rows", part.len());
        }
    }
}

#[test]
fn an_object_with_a_repeated_name_is_refused() {
    let repeated = |text: &[u8]| {
        let mut members = Vec::new();
        scan::object(text, 0, &mut members).unwrap();
        refuse_repeated(text, &members)
    };
    assert_eq!(repeated(br#"{"a":1,"b":2,"\u0061":3}"#), Err(Reason::Repeated("a".to_owned())));
    assert_eq!(repeated(br#"{"eventID":1,"eventId":2,"b":3}"#), Ok(()));
}

#[test]
fn the_number_of_a_name_says_nothing_in_another_object() {
    let (mut decoder, mut part) = (Decoder::default(), Part::default());
    let names = ["userAgent", "eventName", "errorCode"];
    for turn in 0..names.len() {
        decoder.begin_object();
        let mut memo = crate::record::memo::Memo::default();
        let records: Vec<String> = (0..3)
            .map(|record| {
                let members = names.iter().cycle().skip(turn).take(names.len());
                let members: Vec<String> =
                    members.map(|name| format!(r#""{name}":"{name} {turn} {record}""#)).collect();
                format!(r#"{{{},"eventTime":"2026-03-09T10:00:00Z"}}"#, members.join(","))
            })
            .collect();
        let text = records.concat();
        let (mut members, mut at) = (Vec::new(), 0);
        for record in 0..records.len() {
            at = memo.object(text.as_bytes(), at, &mut members).unwrap();
            if record > 0 {
                assert!(members.iter().all(|member| member.named > 0));
            }
            decoder.decode(text.as_bytes(), &members, (0, 0), 0, &mut part).unwrap();
            for (name, column) in names.iter().zip([Column::UserAgent, Column::EventName, Column::ErrorCode])
            {
                let found = part.interner(column).get(part.id(part.len() - 1, column));
                assert_eq!(String::from_utf8_lossy(found), format!("{name} {turn} {record}"));
            }
        }
    }
}
