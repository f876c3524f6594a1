//! Every envelope, read through windows of every size, and what is kept around trouble.

use super::*;

/// Gives its bytes a few at a time, then perhaps an error.
struct Drip<'a> {
    bytes: &'a [u8],
    step: usize,
    fails: bool,
}

impl Read for Drip<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.bytes.is_empty() && self.fails {
            return Err(io::Error::other("the source broke"));
        }
        let count = self.step.min(out.len()).min(self.bytes.len());
        out[..count].copy_from_slice(&self.bytes[..count]);
        self.bytes = &self.bytes[count..];
        Ok(count)
    }
}

/// What is read, in short: `N:TEXT` for a record at place N, `!REASON` for a refusal, `~KIND` for what is set aside.
fn read(bytes: &[u8], fails: bool) -> Vec<String> {
    let mut readings = Vec::new();
    for step in [1, 7, 1 << 20] {
        let mut splitter = Splitter::new(Drip { bytes, step, fails });
        let mut found = Vec::new();
        while let Some(item) = splitter.next_item() {
            found.push(match item {
                Item::Record { index, text, members } => {
                    for member in members {
                        assert!(member.value_end <= text.len());
                    }
                    format!("{index}:{}", String::from_utf8_lossy(text))
                }
                Item::Refused { index, reason } => format!("!{index:?} {reason}"),
                Item::SetAside(kind) => format!("~{}", kind.describe()),
            });
        }
        readings.push(found);
    }
    assert!(readings.iter().all(|reading| *reading == readings[0]), "{readings:?}");
    readings.remove(0)
}

const A: &str = r#"{"eventTime":"t","a":"]}\"{["}"#;
const B: &str = r#"{ "b" : [1,{"x":null}] , "eventTime" : "t" }"#;

#[test]
fn every_envelope_gives_its_records() {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let envelopes = [
        format!(r#"{{"Records":[{A},{B}]}}"#),
        format!(r#"{{"before":{{"Records":1}},"Records" : [ {A} , {B} ],"after":[2]}}"#),
        format!("[{A},\n{B}]"),
        format!("{A}\n{B}\n"),
        format!("{A}{B}"),
        format!("\u{feff} {A}\t{B}"),
        format!(r#"{{"Records":[{A}]}}{{"Records":[]}}{{"Records":[{B}]}}"#),
        format!(r#"[{{"Records":[{A}]}},{{"Records":[{B}]}}]"#),
        format!(
            r#"{{"Events":[{{"EventId":"1","CloudTrailEvent":{}}},{{"CloudTrailEvent":{}}}],"NextToken":"x"}}"#,
            quoted(A),
            quoted(B)
        ),
        format!("[{},{}]", quoted(A), quoted(B)),
        format!(r#"{{"detail-type":"x","detail":{A}}}{{"detail":{B},"id":"1"}}"#),
        format!(
            r#"{{"messageType":"DATA_MESSAGE","logEvents":[{{"message":{}}},{{"id":"1","message":{}}}]}}"#,
            quoted(A),
            quoted(B)
        ),
    ];
    for envelope in envelopes {
        assert_eq!(read(envelope.as_bytes(), false), [format!("0:{A}"), format!("1:{B}")], "{envelope}");
    }
}

#[test]
fn good_neighbours_of_trouble_are_kept() {
    let cut = "cut off: the object ends inside this record";
    assert_eq!(
        read(format!(r#"{{"Records":[{A},{{"eventTi"#).as_bytes(), false),
        [format!("0:{A}"), format!("!Some(1) {cut}")]
    );
    let odd = format!(r#"{{"Records":[1,{A},"x",null,{B}]}}"#);
    let found = read(odd.as_bytes(), false);
    assert_eq!(found.len(), 5);
    assert_eq!((&found[1], &found[4]), (&format!("1:{A}"), &format!("4:{B}")));
    assert!(found[0].contains("found a number") && found[3].contains("found null"));
    let lines = read(format!("{A}\nnot json\n{B}").as_bytes(), false);
    assert_eq!((lines.len(), &lines[0], &lines[2]), (3, &format!("0:{A}"), &format!("2:{B}")));
    let broken = read(format!(r#"{{"Records":[{A},{{"a" "b"}},{B}]}}"#).as_bytes(), false);
    assert_eq!((broken.len(), &broken[2]), (3, &format!("2:{B}")));
    let source = read(format!(r#"{{"Records":[{A},"#).as_bytes(), true);
    assert_eq!(source, [format!("0:{A}"), "!None the source broke".to_owned()]);
}

#[test]
fn what_holds_no_records_says_what_it_is() {
    assert_eq!(read(b"", false), ["!None empty: expected JSON, found nothing"]);
    assert_eq!(read(b" \n ", false), ["!None empty: expected JSON, found nothing"]);
    assert_eq!(read(b"hello", false), ["!None not JSON: expected `{` or `[`"]);
    assert_eq!(
        read(br#"{"name":1,"b":2}"#, false),
        ["!None JSON without records: found only the members name, b"]
    );
    assert!(read(br#"{"Records":[]}"#, false).is_empty());
    assert_eq!(read(br#"{"x":1,"digestStartTime":"t","Records":[1]}"#, false), ["~CloudTrail digest"]);
}

#[test]
fn documents_of_other_kinds_between_records_end_nothing() {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let message = |text: &str| {
        format!(r#"{{"messageType":"DATA_MESSAGE","logEvents":[{{"message":{}}}]}}"#, quoted(text))
    };
    let control = r#"{"messageType":"CONTROL_MESSAGE","logEvents":[{"message":"CWL CONTROL MESSAGE"}]}"#;
    let both = [format!("0:{A}"), format!("1:{B}")];
    assert_eq!(read(format!("{control}{}{}", message(A), message(B)).as_bytes(), false), both);
    assert_eq!(read(format!("{}{control}{}{control}", message(A), message(B)).as_bytes(), false), both);
    assert_eq!(read(control.as_bytes(), false), ["~CloudWatch Logs control message"]);
    let mixed = format!("{control}{}{control}{}", r#"{"s3ObjectKey":["k"]}"#, message(A));
    let mixed = read(mixed.as_bytes(), false);
    assert!(mixed.len() == 2 && mixed[1].contains("1 entry between the records"), "{mixed:?}");
    let notice = r#"{"s3Bucket":"b","s3ObjectKey":["k"]}"#;
    let found = read(format!("{A}\n{notice}\n{B}").as_bytes(), false);
    assert_eq!((found.len(), &found[..2]), (3, &both[..]));
    assert!(found[2].contains("1 entry between the records") && found[2].contains("delivery notification"));
    // Where such a document does not end, it is all there is.
    assert_eq!(read(br#"{"configurationItems":[{"a":1}"#, false), ["~AWS Config file"]);
    let cut = read(format!(r#"{A}{{"configurationItems":[{{"a":1}}"#).as_bytes(), false);
    assert_eq!((cut.len(), &cut[0]), (2, &both[0]));
    assert!(cut[1].contains("cut off"), "{cut:?}");
    let aggregated = r#"{"eventCategory":"Aggregated","eventId":"1","timeWindow":{"start":"t"}}"#;
    assert_eq!(read(format!(r#"{{"Records":[{aggregated}]}}"#).as_bytes(), false), ["~aggregated event"]);
}

#[test]
fn what_elastic_tools_wrote_around_a_record_is_unwrapped() {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let stamped = r#"{"@timestamp":"t","eventName":"n","eventSource":"s"}"#;
    for (text, record) in [
        (format!(r#"{{"@timestamp":"x","message":{}}}"#, quoted(A)), A),
        (format!(r#"{{"@timestamp":"x","event":{{"kind":"e","original":{}}}}}"#, quoted(A)), A),
        (format!(r#"{{"_index":"i","_source":{A}}}"#), A),
        (stamped.to_owned(), stamped),
    ] {
        assert_eq!(read(text.as_bytes(), false), [format!("0:{record}")], "{text}");
    }
    // Any other line of a log has a time, too.
    let found = read(br#"{"@timestamp":"x","message":"GET / HTTP/1.1"}"#, false);
    assert_eq!((found.len(), found[0].starts_with('!')), (1, true), "{found:?}");
    let found = read(br#"{"@timestamp":"x","status":200}"#, false);
    assert_eq!((found.len(), found[0].starts_with('!')), (1, true), "{found:?}");
}

#[test]
fn a_torn_line_costs_no_other() {
    for torn in [r#"{"eventTime":"t","a":"b"#, r#"{"eventTime":"t""#, r#"{"eventTime":"t","a":{"b":1}"#, "{"]
    {
        let found = read(format!("{A}\n{torn}\n{A}\n{B}").as_bytes(), false);
        assert_eq!(found.len(), 4, "{torn}: {found:?}");
        assert_eq!((&found[2], &found[3]), (&format!("2:{A}"), &format!("3:{B}")), "{torn}");
    }
}

#[test]
fn other_formats_are_named() {
    for (bytes, words) in [
        (&b"\x28\xB5\x2F\xFD\x04\x00"[..], "zstd"),
        (b"PK\x03\x04\x14\x00", "zip"),
        (b"\xFF\xFE{\x00\n\x00", "UTF-16"),
    ] {
        let found = read(bytes, false);
        assert_eq!((found.len(), found[0].contains(words)), (1, true), "{found:?}");
    }
}

#[test]
fn an_endless_record_is_refused_at_the_limit() {
    let mut text = br#"{"Records":[{"eventTime":"t","a":""#.to_vec();
    text.resize(RECORD_BYTES_MAX + (1 << 21), b'x');
    let mut splitter = Splitter::new(text.as_slice());
    assert!(matches!(splitter.next_item(), Some(Item::Refused { index: Some(0), reason: Reason::TooLong })));
    assert!(splitter.next_item().is_none());
}

#[test]
fn a_notification_of_sns_is_set_aside_unless_it_holds_a_record() {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let envelope = |message: &str| {
        format!(
            r#"{{"Type":"Notification","MessageId":"1","TopicArn":"arn:aws:sns:eu-west-1:111122223333:logs","Message":{},"SignatureVersion":"1"}}"#,
            quoted(message)
        )
    };
    let delivered = envelope(r#"{"s3Bucket":"logs","s3ObjectKey":["a.json.gz"]}"#);
    let in_lambda = format!(r#"{{"Records":[{{"EventSource":"aws:sns","Sns":{delivered}}}]}}"#);
    let confirm = envelope("You have chosen to subscribe to the topic");
    for notification in
        [&delivered, &in_lambda, &confirm, &envelope(r#"{"Records":[{"eventSource":"aws:s3"}]}"#)]
    {
        assert_eq!(read(notification.as_bytes(), false), ["~delivery notification"], "{notification}");
    }
    let sent = envelope(&format!(r#"{{"detail-type":"x","detail":{A}}}"#));
    for held in
        [sent.clone(), envelope(A), format!(r#"{{"Records":[{{"EventSource":"aws:sns","Sns":{sent}}}]}}"#)]
    {
        assert_eq!(read(held.as_bytes(), false), [format!("0:{A}")], "{held}");
    }
    let mixed = format!("{delivered}\n{sent}");
    assert_eq!(read(mixed.as_bytes(), false).first(), Some(&format!("0:{A}")));
}
