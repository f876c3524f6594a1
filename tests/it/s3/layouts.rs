//! What people keep in one bucket: several trails, trails of Control Tower, copies; and all of it is found.

use super::server::{BUCKET, Server, key, object};

const ACCOUNTS: [&str; 2] = ["111122223333", "444455556666"];
const REGIONS: [&str; 2] = ["eu-west-1", "us-east-1"];
const DAY: &str = "2026/03/09";

fn url(prefix: &str) -> String {
    format!("s3://{BUCKET}/{prefix}")
}

/// The key of an object of some account below a prefix.
fn below(prefix: &str, minute: u32) -> String {
    format!("{prefix}{}", key(ACCOUNTS[0], REGIONS[0], DAY, minute))
}

/// Only the name of an object.
fn name(minute: u32) -> String {
    below("", minute).rsplit('/').next().unwrap().to_owned()
}

/// Puts an object whose event has the key as its id.
fn put(server: &Server, key: &str) {
    server.put(key, &object(key));
}

/// What would be read of a source.
fn to_read(server: &Server, source: &str, more: &[&str]) -> u64 {
    let ran = server.run(&[&["ingest", "--dry-run", "--format", "json", source], more].concat());
    assert_eq!(ran.code, Some(0), "{ran:?}");
    ran.number("objects_to_read")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn trails_and_copies_beside_a_trail_are_read() {
    let server = Server::start().await;
    let mut keys = [
        below("", 0),
        below("org-trail/", 1),
        below("one/two/three/four/five/", 2),
        below("one/two/three/four/six/", 3),
        format!("export/{}", name(4)),
        format!("export/2026/03/09/10/{}", name(5)),
        name(6),
    ];
    for key in &keys {
        put(&server, key);
    }
    for beside in ["2026-03-09-10-00-00-AbCd", "export/notes.txt", "data/a/b/c/d/part-0"] {
        server.put(beside, b"none");
    }
    let balancer = "elb/AWSLogs/111122223333/elasticloadbalancing/";
    server.put(&format!("{balancer}eu-west-1/2026/03/09/x.log.gz"), b"none");
    for part in ["_delta_log/00000000000000000000.json", "event_date=2026-03-09/part-0.parquet"] {
        server.put(&format!("lake/events/{part}"), b"none");
    }
    let ran = server.ingest(&[&url("")]);
    assert_eq!((ran.code, ran.number("kept")), (Some(0), 7), "{ran:?}");
    let aside = &ran.json()["objects_set_aside"];
    assert_eq!(aside["object or folder beside the logs"], 3, "{aside}");
    assert_eq!(aside["folder of another service"], 1, "{aside}");
    assert_eq!(aside["folder of a Delta table"], 1, "{aside}");
    keys.sort();
    assert_eq!(server.ids(), keys);
    let asked = server.asked();
    assert!(asked.lists.iter().all(|prefix| !prefix.starts_with(balancer)), "{:?}", asked.lists);
    assert_eq!(asked.gets.len(), 7, "{:?}", asked.gets);
    // Pages that end below what they found.
    server.fail(|faults| faults.page_keys = Some(1));
    assert_eq!(to_read(&server, &url(""), &[]), 0);
    std::fs::remove_dir_all(server.lake()).unwrap();
    assert_eq!(to_read(&server, &url(""), &[]), 7);
    // Of what lies beside only what is asked for is taken.
    assert_eq!(to_read(&server, &url(""), &["--accounts", ACCOUNTS[1]]), 0);
    assert_eq!(to_read(&server, &url("export"), &[]), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn trails_on_later_pages_of_a_level_are_read() {
    let server = Server::start().await;
    for number in 0..8 {
        server.put(&format!("2026-03-09-10-00-{number:02}-AbCd"), b"none");
    }
    for (minute, letter) in (0..20).zip('a'..) {
        put(&server, &below(&format!("acct-{letter}/"), minute));
    }
    server.fail(|faults| faults.page_keys = Some(10));
    let ran = server.ingest(&[&url("")]);
    assert_eq!((ran.code, ran.number("kept")), (Some(0), 20), "{ran:?}");
    assert_eq!(ran.json()["objects_set_aside"]["object or folder beside the logs"], 8);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_search_that_ends_early_says_so() {
    let server = Server::start().await;
    for number in 0..250 {
        server.put(&format!("data/{number:03}"), b"none");
    }
    put(&server, &below("trail/", 0));
    put(&server, &below("data/x/", 1));
    server.fail(|faults| faults.page_keys = Some(1));
    let ran = server.ingest(&[&url("")]);
    ran.assert_says(3, &["not all of it was searched", "hint: give as sources only the folders"]);
    assert_eq!((ran.number("kept"), ran.number("refused")), (1, 1));
    let refusal = &ran.json()["refusals"][0];
    assert_eq!(refusal["object"], url(""));
    assert!(refusal["reason"].as_str().unwrap().contains(&url("data/")), "{refusal}");
    assert!(server.asked().lists.len() < 250);
    // Given by itself, it is read.
    server.fail(|faults| faults.page_keys = None);
    let ran = server.ingest(&[&url("data/x")]);
    assert_eq!((ran.code, ran.number("kept")), (Some(0), 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_organization_has_trails_of_its_accounts_beside_its_own() {
    let server = Server::start().await;
    let (org, other) = ("o-abcdefghij", "o-zyxwvutsrq");
    let own = key(ACCOUNTS[1], REGIONS[0], DAY, 1);
    put(&server, &format!("{org}/{}", key(ACCOUNTS[0], REGIONS[0], DAY, 0)));
    put(&server, &format!("{org}/{}", own.replace("AWSLogs/", &format!("AWSLogs/{org}/"))));
    put(&server, &format!("{other}/{own}"));
    put(&server, &own);
    let folder = server.path("").display().to_string();
    for (source, objects) in [(url(""), 2), (folder, 2), (url(&format!("{org}/AWSLogs")), 2)] {
        for (more, objects) in [
            (&["--org", org][..], objects),
            (&["--org", org, "--accounts", ACCOUNTS[0]], 1),
            (&["--org", org, "--accounts", ACCOUNTS[1], "--regions", REGIONS[0]], 1),
            (&["--org", "o-nobody"], 0),
        ] {
            assert_eq!(to_read(&server, &source, more), objects, "{source} {more:?}");
        }
    }
    server.asked();
    assert_eq!(to_read(&server, &url(""), &["--org", other]), 1);
    let lists = server.asked().lists;
    assert!(!lists.contains(&format!("{org}/AWSLogs/")), "{lists:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_region_in_the_place_of_the_service_is_the_region() {
    let server = Server::start().await;
    let copied = |region, day: &str| key(ACCOUNTS[0], region, day, 0).replace("CloudTrail/", "");
    for region in REGIONS {
        for day in 1..=20 {
            put(&server, &copied(region, &format!("2026/03/{day:02}")));
        }
    }
    let folder = server.path("").display().to_string();
    let region = ["--regions", REGIONS[0]];
    let week = ["--from", "2026-03-05", "--to", "2026-03-10"];
    for source in [url(""), folder] {
        assert_eq!(to_read(&server, &source, &region), 20, "{source}");
        assert_eq!(to_read(&server, &source, &[&region[..], &week[..2]].concat()), 16);
        assert_eq!(to_read(&server, &source, &[&region[..], &week].concat()), 7);
    }
    // Pages just larger than the week make every key show that is listed before it.
    server.fail(|faults| faults.page_keys = Some(8));
    server.asked();
    assert_eq!(to_read(&server, &url("AWSLogs/"), &[&region[..], &week].concat()), 7);
    let lists = server.asked().lists;
    // AWSLogs/, the account, the region, and the week.
    assert!(lists.len() <= 4, "{lists:?}");
    server.fail(|faults| faults.page_keys = None);
    // What lies beside the years is not passed over, wherever its name sorts.
    let account = format!("AWSLogs/{}/{}/", ACCOUNTS[0], REGIONS[0]);
    let day = "2026/03/21";
    let name = copied(REGIONS[0], day).rsplit('/').next().unwrap().to_owned();
    put(&server, &format!("{account}{name}"));
    put(&server, &format!("{account}0/{name}"));
    for source in [url(""), server.path("").display().to_string()] {
        assert_eq!(to_read(&server, &source, &["--from", "2026-03-19"]), 6, "{source}");
    }
    let ran = server.ingest(&[&url(""), "--since-last"]);
    assert_eq!(ran.number("kept"), 42);
    let again = server.ingest(&[&url(""), "--since-last"]);
    // Three days of two regions, and the two of no day's folder.
    assert_eq!((again.number("objects"), again.number("objects_read")), (8, 0));
}
