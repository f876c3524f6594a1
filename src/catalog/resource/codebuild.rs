//! CodeBuild: calls on builds, batches of builds and sandboxes are asked for their project, those on reports for their group.

use super::{Resource, Search};
use crate::catalog::service::ResourceType;

/// The project of `PROJECT:UUID` and the report group of `GROUP:UUID`, by which builds and reports are named, alone or at the end
/// of their ARN
/// (<https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscodebuild.html>,
/// <https://docs.aws.amazon.com/codebuild/latest/APIReference/API_StopBuild.html>); None where a call names none.
pub(super) fn resources(search: &Search<'_>, kind: &'static ResourceType) -> Option<Vec<Resource>> {
    let (beginnings, names): (&[&str], &[&str]) = match kind.name {
        "project" => (&["build", "build-batch", "sandbox"], &["id"]),
        "report-group" => (&["report"], &["reportArn", "arn"]),
        _ => return None,
    };
    let values = names.iter().flat_map(|name| search.leaves.top(&[name]));
    let mut found: Vec<Resource> = Vec::new();
    for value in values {
        let (place, id) = match value.rsplit_once('/') {
            Some((head, id)) if value.starts_with("arn:") => (head, id),
            _ => ("", value),
        };
        let is_of_arn = || place.rsplit(':').next().is_some_and(|own| beginnings.contains(&own));
        let Some((name, _)) = id.split_once(':').filter(|_| place.is_empty() || is_of_arn()) else {
            continue;
        };
        let mut parent =
            search.fill(kind, &|placeholder| placeholder.ends_with("Name").then(|| name.to_owned().into()));
        // The account and the region of a build's ARN are the project's.
        if let (Some((head, _)), Some((_, own))) = (place.rsplit_once(':'), parent.arn.rsplit_once(':')) {
            parent.arn = format!("{head}:{own}");
        }
        if !found.contains(&parent) {
            found.push(parent);
        }
    }
    (!found.is_empty()).then_some(found)
}
