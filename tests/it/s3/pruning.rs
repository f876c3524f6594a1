//! Only what is wanted is listed and read: of a bucket, and of a folder.

use std::collections::BTreeSet;

use s3s::S3ErrorCode;

use super::server::{BUCKET, Server, key, object};

const ACCOUNTS: [&str; 3] = ["111122223333", "123456789012", "444455556666"];
const REGIONS: [&str; 2] = ["eu-west-1", "us-east-1"];

/// Twenty days of March in all accounts and regions, twice a day, below `prefix`.
fn archive(server: &Server, prefix: &str) {
    for account in ACCOUNTS {
        for region in REGIONS {
            for day in 1..=20 {
                let day = format!("2026/03/{day:02}");
                for minute in 0..2 {
                    let id = format!("{account}-{region}-{day}-{minute}");
                    let key = key(account, region, &day, minute).replace("AWSLogs/", prefix);
                    server.put(&key, &object(&id));
                }
            }
        }
        // Siblings that hold no events.
        for beside in
            ["CloudTrail-Digest/eu-west-1/2026/03/09/d.json.gz", "Config/eu-west-1/2026/3/9/c.json.gz"]
        {
            server.put(&format!("{prefix}{account}/{beside}"), b"{}");
        }
    }
}

fn url(prefix: &str) -> String {
    format!("s3://{BUCKET}/{prefix}")
}

const WEEK: [&str; 4] = ["--from", "2026-03-05", "--to", "2026-03-10"];

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_week_of_one_account_is_found_with_few_lists() {
    let server = Server::start().await;
    archive(&server, "trail/AWSLogs/o-abcdefghij/");
    // Pages just larger than a region's week make every key show that is listed before or behind it.
    server.fail(|faults| faults.page_keys = Some(16));
    let ran = server.ingest(&[&[url("trail").as_str(), "--accounts", ACCOUNTS[1]], &WEEK[..]].concat());
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let asked = server.asked();
    // trail/, AWSLogs/, the account, its CloudTrail/, and the week in both regions.
    assert!(asked.lists.len() <= 6, "{:?}", asked.lists);
    // Five days, and two more for what was delivered late, in two regions, twice a day.
    assert_eq!(asked.gets.len(), 7 * 2 * 2);
    assert!(asked.gets.iter().all(|key| key.contains("/123456789012/")), "{:?}", asked.gets);
    let days: BTreeSet<&str> =
        asked.gets.iter().filter_map(|key| key.split("/2026/03/").nth(1)?.get(..2)).collect();
    assert_eq!(days, BTreeSet::from(["05", "06", "07", "08", "09", "10", "11"]));
    let aside = &ran.json()["objects_set_aside"];
    assert_eq!((&aside["folder of digests"], &aside["folder of another service"]), (&1.into(), &1.into()));
    // With everything named, there is nothing to look for.
    std::fs::remove_dir_all(server.lake()).unwrap();
    let named = ["--accounts", ACCOUNTS[1], "--org", "o-abcdefghij", "--regions", REGIONS[0]];
    let ran = server.ingest(&[&[url("trail/AWSLogs").as_str()], &named[..], &WEEK[..]].concat());
    assert_eq!(ran.number("objects_read"), 14);
    assert!(server.asked().lists.len() <= 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_level_of_the_layout_is_a_source() {
    let server = Server::start().await;
    archive(&server, "AWSLogs/");
    let account = "AWSLogs/111122223333";
    let region = format!("{account}/CloudTrail/eu-west-1");
    let object = key("111122223333", "eu-west-1", "2026/03/09", 1);
    for (source, objects) in [
        (String::new(), 240),
        ("AWSLogs/".to_owned(), 240),
        (account.to_owned(), 80),
        (format!("{account}/CloudTrail/"), 80),
        (region.clone(), 40),
        (format!("{region}/2026/03"), 40),
        (format!("{region}/2026/03/09/"), 2),
        (object, 1),
    ] {
        let ran = server.run(&["ingest", "--dry-run", "--format", "json", &url(&source)]);
        assert_eq!(ran.number("objects_to_read"), objects, "{source}");
    }
    let other = server.run(&["ingest", "--dry-run", "--format", "json", "--org", "o-other", &url("")]);
    assert_eq!(other.number("objects_to_read"), 0);
    assert!(server.asked().gets.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_same_options_prune_a_folder() {
    let server = Server::start().await;
    archive(&server, "AWSLogs/");
    let folder = server.path("AWSLogs").display().to_string();
    let arguments =
        [&["ingest", "--dry-run", &folder, "--accounts", ACCOUNTS[0], "--regions", REGIONS[1]], &WEEK[..]]
            .concat();
    let ran = server.run(&arguments);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.stdout.starts_with("Would read 14 objects, "), "{}", ran.stdout);
    assert!(ran.stdout.contains("delivered on 7 days (2026-03-05 to 2026-03-11)"), "{}", ran.stdout);
    let json = server.run(&[&arguments[..], &["--format", "json"]].concat());
    let sizes: u64 = (5..=11)
        .flat_map(|day| {
            [0, 1].map(|minute| key(ACCOUNTS[0], REGIONS[1], &format!("2026/03/{day:02}"), minute))
        })
        .map(|key| std::fs::metadata(server.path(&key)).unwrap().len())
        .sum();
    assert_eq!((json.number("objects_to_read"), json.number("days")), (14, 7));
    assert_eq!(json.number("bytes_to_read"), sizes);
    assert_eq!(json.json()["first_day"], "2026-03-05");
    assert!(!server.lake().exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_job_goes_on_from_the_newest_day_of_each_region() {
    let server = Server::start().await;
    let put = |region, day: &str| {
        server.put(&key(ACCOUNTS[0], region, day, 0), &object(&format!("{region}-{day}")));
    };
    for day in ["2026/03/01", "2026/03/05", "2026/03/09"] {
        put(REGIONS[0], day);
    }
    put(REGIONS[1], "2026/03/02");
    assert_eq!(server.ingest(&[&url(""), "--since-last"]).number("kept"), 4);
    // Late, but within two days of the newest; too late; and new in a region that is behind the other.
    put(REGIONS[0], "2026/03/07");
    put(REGIONS[0], "2026/03/06");
    put(REGIONS[1], "2026/03/03");
    server.asked();
    let ran = server.ingest(&[&url(""), "--since-last"]);
    assert_eq!((ran.number("kept"), ran.number("objects")), (2, 4));
    let folder = server.path("").display().to_string();
    assert_eq!(server.ingest(&[&url("")]).number("kept"), 1);
    // Of a folder, too.
    std::fs::remove_dir_all(server.lake()).unwrap();
    assert_eq!(server.ingest(&[&folder, "--since-last"]).number("kept"), 7);
    assert_eq!(server.ingest(&[&folder, "--since-last"]).number("objects"), 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_job_goes_on_from_where_all_was_read_not_from_the_newest_object() {
    let server = Server::start().await;
    let days = |days: std::ops::RangeInclusive<u32>| days.map(|day| format!("2026/03/{day:02}"));
    for day in days(1..=20) {
        server.put(&key(ACCOUNTS[0], REGIONS[0], &day, 0), &object(&day));
    }
    let since_last = |more: &[&str]| server.ingest(&[&[url("").as_str(), "--since-last"], more].concat());
    // A slice, an ingest that ended early, and one of two shards leave gaps below the newest object.
    let slice = [&url("") as &str, "--from", "2026-03-19", "--to", "2026-03-20"];
    assert_eq!(server.ingest(&slice).number("kept"), 2);
    assert_eq!(since_last(&["--max-objects", "3"]).number("kept"), 3);
    let one = since_last(&["--shard", "1/2"]).number("kept");
    assert_eq!(since_last(&[]).number("kept"), 15 - one);
    // Now all was read once.
    assert_eq!(since_last(&[]).number("objects"), 3);
    for day in days(21..=28) {
        server.put(&key(ACCOUNTS[0], REGIONS[0], &day, 0), &object(&day));
    }
    let slice = [&url("") as &str, "--from", "2026-03-27", "--to", "2026-03-28"];
    assert_eq!(server.ingest(&slice).number("kept"), 2);
    let of_account = ["--accounts", ACCOUNTS[0], "--max-objects", "4"];
    assert_eq!(since_last(&of_account).number("kept"), 4);
    assert_eq!(since_last(&[]).number("kept"), 2);
    assert_eq!(since_last(&of_account[..2]).number("objects"), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_object_that_could_not_be_read_is_looked_for_again() {
    let server = Server::start().await;
    let denied = key(ACCOUNTS[0], REGIONS[0], "2026/03/02", 0);
    server.fail(|faults| {
        faults.refused.insert(denied.clone(), (S3ErrorCode::AccessDenied, "Access Denied"));
    });
    server.put(&denied, &object("a"));
    for day in ["2026/03/01", "2026/03/09", "2026/03/10"] {
        server.put(&key(ACCOUNTS[0], REGIONS[0], day, 0), &object(day));
    }
    let since_last =
        |lake: &str| server.run(&["ingest", &url(""), "--since-last", "--format", "json", "--lake", lake]);
    let lake = server.lake().display().to_string();
    assert_eq!(since_last(&lake).code, Some(3));
    server.fail(|faults| faults.refused.clear());
    let ran = since_last(&lake);
    assert_eq!((ran.code, ran.number("kept")), (Some(0), 1), "{ran:?}");
    assert_eq!(since_last(&lake).number("objects"), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_job_reads_no_more_objects_than_it_may_and_says_so() {
    let server = Server::start().await;
    for minute in 0..5 {
        server.put(&key(ACCOUNTS[0], REGIONS[0], "2026/03/09", minute), &object(&format!("id-{minute}")));
    }
    for (known, read, more) in [(0, 2, true), (2, 2, true), (4, 1, false)] {
        let ran = server.ingest(&[&url(""), "--max-objects", "2"]);
        assert_eq!((ran.number("objects_known"), ran.number("objects_read")), (known, read));
        assert_eq!(ran.json()["more"], more);
        assert_eq!(ran.stderr.contains("after --max-objects"), more);
    }
    assert_eq!(server.ids().len(), 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_bucket_with_a_folder_for_each_of_many_teams_loses_none() {
    let server = Server::start().await;
    for team in 0..105 {
        let key = key(ACCOUNTS[0], REGIONS[0], "2026/03/09", 0);
        server.put(&format!("team-{team:03}/{key}"), &object(&team.to_string()));
    }
    let ran = server.run(&["ingest", "--dry-run", "--format", "json", &url("")]);
    assert_eq!(ran.number("objects_to_read"), 105, "{ran:?}");
}
