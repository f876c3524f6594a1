//! A lake in S3, which client and executors each ask with their own credentials.

use super::processes::{Cluster, run};
use crate::places;
use crate::s3::server::Server;

const LAKE: &str = "s3://example-logs/lakes/one";

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_lake_in_a_bucket_answers_the_same_on_a_cluster() {
    let server = Server::start().await;
    let place = |path: &str| places::package("testdata/stories").join(path).display().to_string();
    let (story, other, iam) = (place("leaked-key/AWSLogs"), place("unused/AWSLogs"), place("unused/iam"));
    let ingested = server.ingest(&["--lake", LAKE, &story, &other]);
    assert!(ingested.number("kept") > 200, "{ingested:?}");
    tokio::task::block_in_place(|| {
        let cluster = Cluster::with(2, 2, |command| {
            let mut with_credentials = server.command(&[]);
            with_credentials.args(command.get_args());
            with_credentials
        });
        server.asked();
        for arguments in [
            &["query", "calls-by-action"][..],
            &["query", "denied-calls"],
            &["coverage", "--all"],
            &["sql", "select account, event_name, count(*) as n from events group by 1, 2 order by 1, 2"],
            &["sql", "select origin, count(*) as n from event_origins group by 1 order by 1"],
            &["replay", "--snapshot", &iam],
            &["unused", "--snapshot", &iam, "--origins"],
        ] {
            let arguments = [arguments, &["--lake", LAKE, "--format", "json"]].concat();
            let here = run(server.command(&arguments));
            let there = run(server.command(&[&arguments[..], &["--cluster", &cluster.address]].concat()));
            assert_eq!(
                (here.code, &here.stdout),
                (there.code, &there.stdout),
                "{arguments:?} {}",
                there.stderr
            );
            assert_eq!(here.code, Some(0), "{here:?}");
        }
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_executor_without_credentials_says_so_by_its_name() {
    let server = Server::start().await;
    let story = places::package("testdata/stories/leaked-key/AWSLogs").display().to_string();
    server.ingest(&["--lake", LAKE, &story]);
    tokio::task::block_in_place(|| {
        let endpoint = server.endpoint().to_owned();
        let cluster = Cluster::with(1, 2, |mut command| {
            command.env("AWS_ENDPOINT_URL_S3", &endpoint);
            command
        });
        let iam = places::package("testdata/stories/unused/iam").display().to_string();
        for asked in
            [&["sql", "select count(*) from events where read_only"][..], &["replay", "--snapshot", &iam]]
        {
            let arguments = [asked, &["--lake", LAKE, "--cluster", &cluster.address]].concat();
            let ran = run(server.command(&arguments));
            assert_eq!(ran.code, Some(2), "{ran:?}");
            for words in [cluster.address.as_str(), "executor 127.0.0.1:", "credentials"] {
                assert!(ran.stderr.contains(words), "expected `{words}`: {}", ran.stderr);
            }
        }
    });
}
