//! How S3 is asked, from the arguments and AWS's own configuration.
//!
//! The one place where something other than this program's code reads the environment and files of the user: the AWS SDK, for
//! its chain of credentials, profiles and regions.

use std::path::{Path, PathBuf};
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region};
use aws_sdk_s3::config::ResponseChecksumValidation;

use super::args::{Reading, S3};
use crate::archive::Sources;
use crate::archive::s3::{OtherRegion, Payer, S3Url, Store};
use crate::lake::Site;

/// So often a request is made that S3 throttles or fails to answer (503 and other 5xx), with growing waits and a rate that
/// adapts to what S3 takes.
const REQUEST_TRIES_MAX: u32 = 8;

/// A connection must stand after this time.
const CONNECT_WAIT_MAX: Duration = Duration::from_secs(10);

/// The first byte of an answer must be there after this time.
const ANSWER_WAIT_MAX: Duration = Duration::from_mins(1);

/// Where nothing configures a region, requests are signed for this one; S3 then says where a bucket is.
const REGION_UNLESS_TOLD: &str = "us-east-1";

/// The variables that set another endpoint: <https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html>.
const ENDPOINT_VARIABLES: [&str; 2] = ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"];

/// Where a lake is, or a scratch place, as typed.
pub(super) async fn site(lake: &Path, options: &S3) -> anyhow::Result<Site> {
    let named = lake.to_str();
    if let Some(text) = named.filter(|text| text.contains("://") && !text.starts_with("s3://")) {
        anyhow::bail!("cannot open `{text}`: expected a folder, `s3://BUCKET` or `s3://BUCKET/PREFIX`");
    }
    let Some(text) = named.filter(|text| text.starts_with("s3://")) else { return Ok(lake.into()) };
    let place = S3Url::parse(text).ok_or_else(|| {
        anyhow::anyhow!("cannot open `{text}`: expected `s3://BUCKET` or `s3://BUCKET/PREFIX`")
    })?;
    Ok(Site::in_s3(&place, &Box::pin(store(options)).await)?)
}

/// Tells files and folders from places in S3.
pub(super) async fn sources(given: &[PathBuf], reading: &Reading) -> anyhow::Result<Sources> {
    let mut paths = Vec::new();
    let mut places = Vec::new();
    for source in given {
        match source.to_str().filter(|text| text.starts_with("s3://")) {
            None => paths.push(source.clone()),
            Some(text) => places.push(S3Url::parse(text).ok_or_else(|| {
                anyhow::anyhow!("cannot read source `{text}`: expected `s3://BUCKET` or `s3://BUCKET/PREFIX`")
            })?),
        }
    }
    let s3 = if places.is_empty() { None } else { Some((places, Box::pin(store(&reading.s3)).await)) };
    Ok(Sources { paths, s3 })
}

/// How S3 is asked.
pub(super) async fn store(options: &S3) -> Store {
    let timeouts =
        TimeoutConfig::builder().connect_timeout(CONNECT_WAIT_MAX).read_timeout(ANSWER_WAIT_MAX).build();
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .retry_config(RetryConfig::adaptive().with_max_attempts(REQUEST_TRIES_MAX))
        .timeout_config(timeouts)
        // A proxy may inflate a body on its way: then its checksum is another one, and its content as good.
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired);
    if let Some(profile) = &options.profile {
        loader = loader.profile_name(profile);
    }
    if let Some(region) = &options.region {
        loader = loader.region(Region::new(region.clone()));
    }
    if let Some(endpoint) = &options.endpoint_url {
        loader = loader.endpoint_url(endpoint);
    }
    let shared = loader.load().await;
    let other_endpoint = shared.endpoint_url().is_some()
        || ENDPOINT_VARIABLES
            .iter()
            .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()));
    let mut config = aws_sdk_s3::config::Builder::from(&shared)
        .force_path_style(options.path_style.unwrap_or(other_endpoint));
    if shared.region().is_none() {
        config = config.region(Region::new(REGION_UNLESS_TOLD));
    }
    Store {
        client: aws_sdk_s3::Client::from_conf(config.build()),
        region: if options.region.is_some() { OtherRegion::Refuse } else { OtherRegion::Follow },
        payer: if options.request_payer { Payer::Requester } else { Payer::Owner },
    }
}
