//! What goes wrong is said with bucket, key and what to do; nothing else is lost by it.

use s3s::S3ErrorCode;

use super::server::{BUCKET, Server, Told, key, object};

const KMS: &str = "User: arn:aws:sts::111122223333:assumed-role/reader/x is not authorized to perform: kms:Decrypt \
                   on resource: arn:aws:kms:eu-west-1:111122223333:key/k because no identity-based policy allows it";

fn at(minute: u32) -> String {
    key("111122223333", "eu-west-1", "2026/03/09", minute)
}

/// A server with so many objects of one event each.
async fn with_objects(count: u32) -> Server {
    let server = Server::start().await;
    for minute in 0..count {
        server.put(&at(minute), &object(&format!("id-{minute}")));
    }
    server
}

fn source() -> String {
    format!("s3://{BUCKET}/AWSLogs/")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn objects_that_cannot_be_read_are_refused_one_by_one_and_read_later() {
    let server = with_objects(8).await;
    server.fail(|faults| {
        faults.deleted = [at(1)].into();
        faults.replaced = [at(2)].into();
        faults.refused = [
            (at(3), (S3ErrorCode::AccessDenied, "Access Denied")),
            (at(4), (S3ErrorCode::AccessDenied, KMS)),
            (
                at(5),
                (
                    S3ErrorCode::InvalidObjectState,
                    "The operation is not valid for the object's storage class",
                ),
            ),
        ]
        .into();
        faults.classes = [(at(6), "DEEP_ARCHIVE"), (at(7), "GLACIER_IR")].into();
    });
    let ran = server.ingest(&[&source()]);
    assert_eq!(ran.code, Some(3), "{ran:?}");
    assert_eq!((ran.number("kept"), ran.number("refused"), ran.number("records_read")), (2, 6, 8));
    let refusals = ran.json()["refusals"].clone();
    for (minute, words) in [
        (1, "was deleted after it was listed"),
        (2, "changed after it was listed"),
        (3, "access denied: `s3:GetObject` is not allowed for"),
        (4, "access denied: `kms:Decrypt` is not allowed for"),
        (5, "is archived (an archive tier) and not readable until it is restored"),
        (6, "is archived (DEEP_ARCHIVE) and not readable until it is restored"),
    ] {
        let name = format!("s3://{BUCKET}/{}", at(minute));
        let found = refusals.as_array().unwrap().iter().find(|refusal| refusal["object"] == name.as_str());
        let reason = found.unwrap_or_else(|| panic!("{name} in {refusals}"))["reason"].as_str().unwrap();
        assert!(reason.contains(words) && reason.contains(&name), "{reason}");
    }
    for hint in
        ["hint: allow `s3:GetObject` on `arn:aws:s3:::example-logs/*`", "hint: restore archived objects"]
    {
        assert!(ran.stderr.contains(hint), "{}", ran.stderr);
    }
    let asked = server.asked().gets;
    for minute in [3, 4, 5] {
        assert_eq!(asked.iter().filter(|key| **key == at(minute)).count(), 1, "{minute} was asked for again");
    }
    assert!(!asked.contains(&at(6)), "an archived object was asked for");
    // What was read is archived now, and known all the same.
    server.fail(|faults| {
        faults.refused.clear();
        faults.classes = [(at(0), "GLACIER")].into();
    });
    let ran = server.ingest(&[&source()]);
    assert_eq!((ran.code, ran.number("objects_known"), ran.number("kept")), (Some(0), 2, 5));
    assert_eq!(server.ids(), ["id-0", "id-3", "id-4", "id-5", "id-6", "id-7", "replaced"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn throttling_is_waited_out() {
    let server = with_objects(2).await;
    server.fail(|faults| faults.slow_downs = 2);
    let ran = server.ingest(&[&source()]);
    assert_eq!((ran.code, ran.number("kept"), ran.number("refused")), (Some(0), 2, 0));
    let asked = server.asked();
    assert!(asked.lists.len() + asked.gets.len() > 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_body_that_breaks_off_is_asked_for_again_and_refused_when_it_never_ends() {
    let server = with_objects(3).await;
    server.fail(|faults| faults.cuts = [(at(0), 2), (at(1), u32::MAX)].into());
    let ran = server.ingest(&[&source()]);
    assert_eq!((ran.code, ran.number("kept"), ran.number("refused")), (Some(3), 2, 1));
    let reason = ran.json()["refusals"][0]["reason"].as_str().unwrap().to_owned();
    assert!(reason.contains("stop before their end") && reason.contains(&at(1)), "{reason}");
    let asked = server.asked().gets;
    let count = |minute| asked.iter().filter(|key| **key == at(minute)).count();
    assert_eq!((count(0), count(1), count(2)), (3, 4, 1));
    server.fail(|faults| faults.cuts.clear());
    assert_eq!(server.ingest(&[&source()]).number("kept"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn credentials_that_expire_end_the_run_and_the_next_goes_on() {
    let server = with_objects(5).await;
    server.fail(|faults| {
        faults.refused = [(at(2), (S3ErrorCode::ExpiredToken, "The provided token has expired."))].into();
    });
    let ran = server.run(&["ingest", &source(), "--batch-bytes", "1"]);
    ran.assert_says(2, &["the AWS credentials expired", "hint: sign in again"]);
    assert_eq!(server.ids(), ["id-0", "id-1"]);
    server.fail(|faults| faults.refused.clear());
    let ran = server.ingest(&[&source()]);
    assert_eq!((ran.number("objects_known"), ran.number("kept")), (2, 3));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_keeps_a_bucket_from_being_listed_is_said_with_what_to_do() {
    let server = with_objects(1).await;
    let missing = server.run(&["ingest", "s3://no-such-bucket/AWSLogs/"]);
    missing.assert_says(2, &["there is no bucket `no-such-bucket`", "hint: "]);
    let nothing = server.run(&["ingest", &format!("s3://{BUCKET}/elsewhere")]);
    nothing.assert_says(2, &["there is nothing at `s3://example-logs/elsewhere`", "hint: "]);
    let odd = server.run(&["ingest", "s3://"]);
    odd.assert_says(2, &["expected `s3://BUCKET` or `s3://BUCKET/PREFIX`"]);
    server.fail(|faults| faults.unlisted = Some((S3ErrorCode::AccessDenied, "Access Denied")));
    let denied = server.run(&["ingest", &source()]);
    denied.assert_says(
        2,
        &[
            "access denied: `s3:ListBucket` is not allowed on bucket `example-logs`, prefix `AWSLogs/`",
            "hint: allow `s3:ListBucket` on `arn:aws:s3:::example-logs`",
        ],
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_bucket_elsewhere_is_followed_unless_a_region_was_asked_for() {
    let server = with_objects(2).await;
    server.fail(|faults| faults.region = Some("eu-west-1"));
    let asked = server.run(&["ingest", &source(), "--region", "us-east-1"]);
    asked.assert_says(
        2,
        &[
            "the bucket `example-logs` is in region `eu-west-1`, not in `us-east-1`",
            "hint: --region eu-west-1",
        ],
    );
    let followed = server.ingest(&[&source()]);
    assert_eq!((followed.code, followed.number("kept")), (Some(0), 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_bucket_in_a_region_to_opt_in_to_is_followed_or_said_to_be_elsewhere() {
    let server = with_objects(2).await;
    server.fail(|faults| {
        faults.region = Some("me-south-1");
        faults.opt_in = true;
    });
    for told in [Told::Always, Told::ByHeadBucket] {
        server.fail(|faults| faults.told = told);
        let asked = server.run(&["ingest", &source(), "--region", "us-east-1"]);
        asked.assert_says(
            2,
            &[
                "the bucket `example-logs` is in region `me-south-1`, not in `us-east-1`",
                "hint: --region me-south-1",
            ],
        );
        let followed = server.ingest(&[&source()]);
        assert_eq!((followed.code, followed.number("kept")), (Some(0), 2), "{told:?}: {followed:?}");
        std::fs::remove_dir_all(server.lake()).unwrap();
    }
    server.fail(|faults| faults.told = Told::Never);
    server.run(&["ingest", &source()]).assert_says(
        2,
        &[
            "the bucket `example-logs` is in another region, not in `us-east-1`",
            "hint: see `aws s3api get-bucket-location --bucket example-logs`, and give --region",
        ],
    );
    assert_eq!(server.ingest(&[&source(), "--region", "me-south-1"]).number("kept"), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn missing_and_wrong_credentials_are_told_apart() {
    let server = with_objects(1).await;
    let mut none = server.command(&["ingest", &source()]);
    none.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY");
    let ran = tokio::task::block_in_place(|| super::server::Ran::of(&none.output().unwrap()));
    ran.assert_says(2, &["no AWS credentials for `s3://example-logs/AWSLogs/`", "hint: set AWS_PROFILE"]);
    let mut wrong = server.command(&["ingest", &source()]);
    wrong.env("AWS_SECRET_ACCESS_KEY", "wrong");
    let ran = tokio::task::block_in_place(|| super::server::Ran::of(&wrong.output().unwrap()));
    ran.assert_says(2, &["S3 does not accept the AWS credentials"]);
    // A profile of the user's files is as good as the environment.
    let folder = server.folder.path().join(".aws");
    std::fs::create_dir_all(&folder).unwrap();
    let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
    let text =
        format!("[logs]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = {secret}\n");
    std::fs::write(folder.join("credentials"), text).unwrap();
    let mut profile = server.command(&["ingest", &source(), "--profile", "logs"]);
    profile.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY");
    let ran = tokio::task::block_in_place(|| super::server::Ran::of(&profile.output().unwrap()));
    assert_eq!(ran.code, Some(0), "{ran:?}");
}
