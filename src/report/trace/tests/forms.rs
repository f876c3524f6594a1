//! Rows and graphs.

use super::*;

/// One step up to a user, one session and its gap below.
fn both_ways() -> Trace {
    let mut trace = one_step();
    let mut below = role_session("ops", "deploy-shop", 2, "09:28:00");
    below.gap = Some(gap(Reason::AccountNotInLake, "no logs of account 444455556666 are here", "add them"));
    below.gone = Some(proof(OTHER_EVENT, "DeleteRole", "09:30:00"));
    let mut inner = role_session("inner", "deploy-shop", 3, "09:29:00");
    inner.rule = Rule::Claim;
    below.children.push(inner);
    trace.descendants.push(below);
    trace
}

fn rows(trace: &Trace) -> Vec<Vec<String>> {
    csv(trace).lines().map(|line| line.split(',').map(str::to_owned).collect()).collect()
}

#[test]
fn a_link_is_a_row_an_origin_is_a_row_and_so_is_a_descendant() {
    let rows = rows(&both_ways());
    let cell = |row: usize, column: &str| {
        let at = rows[0].iter().position(|name| name == column).unwrap();
        rows[row][at].as_str()
    };
    let directions: Vec<&str> = (1..rows.len()).map(|row| cell(row, "direction")).collect();
    assert_eq!(directions, ["up", "origin", "down", "down"]);
    let depths: Vec<&str> = (1..rows.len()).map(|row| cell(row, "depth")).collect();
    assert_eq!(depths, ["1", "2", "1", "2"]);
    assert_eq!((cell(1, "rule"), cell(1, "event_id")), ("key", EVENT));
    assert_eq!((cell(1, "from"), cell(1, "to")), ("ASIARTX3GSDSREXAMPLE", DANA_KEY));
    assert_eq!((cell(1, "from_kind"), cell(1, "calls")), ("access-key", "2104"));
    assert_eq!((cell(2, "from"), cell(2, "to"), cell(2, "complete")), (DANA_KEY, DANA, "true"));
    assert_eq!((cell(3, "to"), cell(3, "gap")), ("ASIARTX3GSDSREXAMPLE", "account-not-in-lake"));
    assert_eq!(cell(3, "gone_time"), "2026-03-09T09:30:00Z");
    assert_eq!((cell(4, "to"), cell(4, "rule")), (cell(3, "from"), "claim"));
    assert!(rows.iter().all(|row| row.len() == rows[0].len()), "{rows:?}");
}

#[test]
fn each_of_several_chains_has_its_rows() {
    let mut trace = one_step();
    let second =
        Chain { credential: temporary("ASIARTX3GSDSTEXAMPLE", "deploy", "night"), ..chain_of(&trace) };
    trace.chains.push(Chain { links: Vec::new(), ..second });
    let rows = rows(&trace);
    let directions: Vec<&str> = rows.iter().skip(1).map(|row| row[0].as_str()).collect();
    assert_eq!(directions, ["up", "origin", "origin"]);
}

#[test]
fn the_graph_leads_from_the_origin_over_the_subject_to_what_is_below() {
    assert_eq!(
        dot(&both_ways()),
        "\
digraph trace {
  rankdir=LR;
  node [shape=box, fontname=\"sans-serif\"];
  edge [fontname=\"sans-serif\"];
  n0 [label=\"key ASIARTX3GSDSREXAMPLE\\nrole deploy as laptop\\n29 calls, 29 denied\", penwidth=2.5];
  n1 [label=\"key AKIARTX3GSDSQEXAMPLE\\narn:aws:iam::111122223333:user/dana\"];
  n2 [label=\"origin: IAM user dana, complete\\narn:aws:iam::111122223333:user/dana\", style=rounded];
  n3 [label=\"role ops\\n2 calls\"];
  n4 [label=\"gap: account not in lake\\nno logs of account 444455556666 are here\", color=red, fontcolor=red, style=dashed];
  n5 [label=\"role inner\\n3 calls\"];
  n1 -> n0 [label=\"key\"];
  n2 -> n1 [label=\"identity\"];
  n0 -> n3 [label=\"key\"];
  n3 -> n4 [label=\"gap\", style=dashed, color=red, fontcolor=red];
  n3 -> n5 [label=\"claim\", style=dashed];
}
"
    );
}

#[test]
fn a_mermaid_graph_has_the_same_nodes_and_edges() {
    assert_eq!(
        mermaid(&both_ways()),
        "\
flowchart LR
  n0[\"key ASIARTX3GSDSREXAMPLE<br/>role deploy as laptop<br/>29 calls, 29 denied\"]
  n1[\"key AKIARTX3GSDSQEXAMPLE<br/>arn#58;aws#58;iam#58;#58;111122223333#58;user/dana\"]
  n2[\"origin#58; IAM user dana, complete<br/>arn#58;aws#58;iam#58;#58;111122223333#58;user/dana\"]
  n3[\"role ops<br/>2 calls\"]
  n4[\"gap#58; account not in lake<br/>no logs of account 444455556666 are here\"]
  n5[\"role inner<br/>3 calls\"]
  n1 -->|\"key\"| n0
  n2 -->|\"identity\"| n1
  n0 -->|\"key\"| n3
  n3 -.->|\"gap\"| n4
  n3 -.->|\"claim\"| n5
  classDef subject stroke-width:3px
  class n0 subject
  classDef origin stroke-width:2px
  class n2 origin
  classDef gap stroke:red,color:red,stroke-dasharray:4 3
  class n4 gap
"
    );
}

#[test]
fn what_is_not_certain_is_dashed_and_what_is_missing_is_red() {
    let mut trace = one_step();
    trace.links[0].ambiguous = vec![EVENT.to_owned(), OTHER_EVENT.to_owned()];
    let several = gap(Reason::SeveralOrigins, "2 origins", "");
    trace.origin = traced(Origin::unknown(several));
    trace.chains = vec![Chain {
        origins: vec![by_dana(), origin(OriginKind::IamUser, Some(EVE), "eve")],
        ..chain_of(&trace)
    }];
    let graph = dot(&trace);
    assert!(graph.contains("n1 -> n0 [label=\"key, one of 2\", style=dashed];"), "{graph}");
    assert_eq!(graph.matches("[label=\"one of 2\", style=dashed]").count(), 2, "{graph}");
    assert!(graph.contains("[label=\"gap: several origins\\n2 origins\", color=red"), "{graph}");
    let graph = mermaid(&trace);
    assert!(graph.contains("n1 -.->|\"key, one of 2\"| n0"), "{graph}");
    assert!(graph.contains("class n4 gap"), "{graph}");
}

#[test]
fn credentials_of_one_subject_meet_in_it() {
    let mut trace = one_step();
    let second =
        Chain { credential: temporary("ASIARTX3GSDSTEXAMPLE", "deploy", "night"), ..chain_of(&trace) };
    trace.subject = subject("role", "arn:aws:iam::111122223333:role/deploy", None, Usage::default());
    trace.chains.push(second);
    let graph = dot(&trace);
    assert_eq!(graph.matches("-> n0 [label=\"credential\"]").count(), 2, "{graph}");
    assert_eq!(graph.matches("origin: IAM user dana").count(), 1, "an origin is drawn once\n{graph}");
}

#[test]
fn json_has_the_interface_that_scripts_read() {
    let json = serde_json::to_value(both_ways()).unwrap();
    assert_eq!(json["subject"]["kind"], "access-key");
    assert_eq!(json["origin"]["kind"], "iam-user");
    assert_eq!(json["links"][0]["rule"], "key");
    assert_eq!(json["links"][0]["event_id"], EVENT);
    assert_eq!(json["descendants"][0]["calls"], 2);
}
