//! Garbage collection: everything that Phalanx stores in an account and region, without what a stack or
//! a deployment that is kept refers to.
//!
//! Nothing is garbage unless all that could need it has been read. Only keys that Phalanx writes itself
//! are looked at.

use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

use aws_sdk_cloudformation::types::{ExecutionStatus, TemplateStage};
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};

use super::archive::{RECORDS, records_of};
use super::artifacts::{BATCH, Object, PACKAGES, TEMPLATES, digest_of, far_future};
use super::error::refused;
use super::stack::status_of;
use super::{Aws, AwsError};
use crate::cloud::archive::{Garbage, Kept, Limits, Piece, PieceKind, digests_in};
use crate::cloud::state::is_at_rest;
use crate::cloud::{Rule, rule};
use crate::digest::Digest;

/// How many stacks are asked at once; CloudFormation takes few calls at a time.
const STACKS: usize = 4;
/// How many batches of objects, uploads or change sets are removed at once.
const REMOVALS: usize = 4;
/// How the names of our change sets begin.
const CHANGE_SETS: &str = "phalanx-";

/// What a stack needs.
#[derive(Debug, Default)]
struct Needs {
    stack: String,
    digests: BTreeSet<Digest>,
    /// Whether it may yet go back to a template that CloudFormation does not tell.
    may_go_back: bool,
    /// Change sets of ours that nobody executes any more, and since when.
    change_sets: Vec<(Piece, SystemTime)>,
}

impl Aws {
    pub(super) async fn find_garbage(&self, limits: &Limits) -> Result<Garbage, AwsError> {
        // Objects first: what is stored while the stacks are read is not looked at.
        let (packages, templates, records, behind, uploads) = tokio::try_join!(
            self.list(PACKAGES),
            self.list(TEMPLATES),
            self.list(RECORDS),
            self.all_behind(),
            self.unfinished_uploads(),
        )?;
        let stacks = self.needs_of_stacks(limits).await?;
        let records = self.sort_records(records, &stacks, limits.keep);

        let mut garbage = Garbage::default();
        let mut needed = BTreeSet::new();
        garbage.used = records.kept.len();
        for deployment in self.read_records(records.kept).await? {
            needed.insert(deployment.template);
            needed.extend(deployment.artifacts.iter().filter_map(|key| digest_of(key)));
        }
        for (object, behind) in behind {
            let is_gone = !stacks.iter().any(|stack| stack.stack == behind.stack);
            if is_gone && self.is_own_behind(&object, &behind) {
                garbage.add(piece(PieceKind::Record, &object), is_old(&object, limits));
            } else {
                garbage.used += 1;
                needed.extend(behind.functions.values().filter_map(|code| digest_of(&code.key)));
            }
        }
        for stack in stacks {
            needed.extend(stack.digests);
            if stack.may_go_back && !records.stacks.contains(&stack.stack) {
                garbage.unsure.push(stack.stack);
            }
            for (piece, since) in stack.change_sets {
                garbage.add(piece, limits.is_old(since, limits.object_age()));
            }
        }
        for record in records.unused {
            garbage.add(piece(PieceKind::Record, &record), is_old(&record, limits));
        }
        for (kind, objects) in [(PieceKind::Package, packages), (PieceKind::Template, templates)] {
            for object in objects {
                // What does not have a name of ours is not ours.
                let Some(digest) = digest_of(&object.key) else { continue };
                if needed.contains(&digest) || !garbage.unsure.is_empty() {
                    garbage.used += 1;
                } else {
                    garbage.add(piece(kind, &object), is_old(&object, limits));
                }
            }
        }
        for (piece, since) in uploads {
            garbage.add(piece, limits.is_old(since, limits.upload_age()));
        }
        garbage.pieces.sort();
        garbage.young.sort();
        Ok(garbage)
    }

    /// Removes pieces: objects in batches, the rest one by one, several at once. Records go first: one
    /// that is there, also after a kill, can be gone back to.
    pub(super) async fn discard_now(&self, pieces: &[Piece]) -> Result<Vec<Kept>, AwsError> {
        let keys = |kinds: &[PieceKind]| {
            let of_kind = pieces.iter().filter(|piece| kinds.contains(&piece.kind));
            of_kind.map(|piece| piece.name.clone()).collect::<Vec<String>>()
        };
        let mut kept = self.delete_all(keys(&[PieceKind::Record])).await?;
        kept.extend(self.delete_all(keys(&[PieceKind::Package, PieceKind::Template])).await?);
        let others = pieces.iter().cloned().filter_map(|piece| match piece.kind {
            PieceKind::Upload | PieceKind::ChangeSet => Some(self.remove(piece)),
            _ => None,
        });
        let more: Vec<Option<Kept>> = stream::iter(others).buffered(REMOVALS).collect().await;
        kept.extend(more.into_iter().flatten());
        Ok(kept)
    }

    async fn delete_all(&self, keys: Vec<String>) -> Result<Vec<Kept>, AwsError> {
        let batches: Vec<Vec<String>> = keys.chunks(BATCH).map(<[String]>::to_vec).collect();
        let deletions = batches.into_iter().map(|keys| self.delete_objects(keys));
        let kept: Vec<Vec<Kept>> = stream::iter(deletions).buffered(REMOVALS).try_collect().await?;
        Ok(kept.into_iter().flatten().collect())
    }

    /// Removes an upload or a change set.
    async fn remove(&self, piece: Piece) -> Option<Kept> {
        let removed = match piece.kind {
            PieceKind::Upload => self.abort_upload(&piece.name, &piece.id).await,
            _ => self.delete_change_set(&piece.id).await,
        };
        removed.err().map(|error| Kept { name: piece.name, why: error.to_string() })
    }

    async fn delete_change_set(&self, id: &str) -> Result<(), AwsError> {
        let call = self.cloudformation.delete_change_set().change_set_name(id);
        call.send().await.map_err(|error| refused("cloudformation:DeleteChangeSet", &error))?;
        Ok(())
    }

    /// What every stack of the account and region needs, deleted ones left out.
    async fn needs_of_stacks(&self, limits: &Limits) -> Result<Vec<Needs>, AwsError> {
        let pages = self.cloudformation.describe_stacks().into_paginator().items().send();
        let stacks = pages.collect::<Result<Vec<_>, _>>().await;
        let stacks = stacks.map_err(|error| refused("cloudformation:DescribeStacks", &error))?;
        let needs = stacks.into_iter().map(|stack| async move {
            let status = status_of(&stack).unwrap_or_default().to_owned();
            let id = stack.stack_id.unwrap_or_default();
            let mut needs =
                Needs { stack: stack.stack_name.unwrap_or_default(), ..Needs::default() };
            for parameter in stack.parameters.unwrap_or_default() {
                needs.digests.extend(digests_in(parameter.parameter_value().unwrap_or_default()));
            }
            // A stack that has only been planned has no template yet.
            if rule(Some(&status)) != Rule::Create {
                let text = self.original_template(&id, None).await?;
                needs.digests.extend(digests_in(&text));
                let ours = needs.digests.iter().next().is_some();
                needs.may_go_back = ours && may_go_back(&status);
            }
            self.look_at_change_sets(&id, &mut needs, limits).await?;
            Ok(needs)
        });
        stream::iter(needs).buffered(STACKS).try_collect().await
    }

    /// Change sets of a stack: those that may still be executed need what their templates name.
    async fn look_at_change_sets(
        &self,
        stack: &str,
        needs: &mut Needs,
        limits: &Limits,
    ) -> Result<(), AwsError> {
        let call = self.cloudformation.list_change_sets().stack_name(&needs.stack);
        let pages = call.into_paginator();
        let sets = pages.items().send().collect::<Result<Vec<_>, _>>().await;
        let sets = sets.map_err(|error| refused("cloudformation:ListChangeSets", &error))?;
        for set in sets {
            let id = set.change_set_id.unwrap_or_default();
            let name = set.change_set_name.unwrap_or_default();
            let execution = set.execution_status.unwrap_or(ExecutionStatus::Unavailable);
            if matches!(
                execution,
                ExecutionStatus::ExecuteComplete | ExecutionStatus::ExecuteFailed
            ) {
                continue;
            }
            let since = set.creation_time.and_then(|time| SystemTime::try_from(time).ok());
            let since = since.unwrap_or_else(far_future);
            let under_way = execution == ExecutionStatus::ExecuteInProgress;
            let ours = name.starts_with(CHANGE_SETS);
            if ours && !under_way {
                let name = format!("{}/{name}", needs.stack);
                let kind = PieceKind::ChangeSet;
                needs.change_sets.push((Piece { kind, name, size: 0, id: id.clone() }, since));
            }
            let goes = ours && !under_way && limits.is_old(since, limits.object_age());
            if !goes {
                let text = self.original_template(stack, Some(&id)).await?;
                needs.digests.extend(digests_in(&text));
            }
        }
        Ok(())
    }

    /// The template as it was given; empty when a change set has none or is gone.
    async fn original_template(
        &self,
        stack: &str,
        change_set: Option<&str>,
    ) -> Result<String, AwsError> {
        let call = self.cloudformation.get_template().stack_name(stack);
        let call = call.set_change_set_name(change_set.map(str::to_owned));
        let answer = call.template_stage(TemplateStage::Original).send().await;
        match answer.map_err(|error| refused("cloudformation:GetTemplate", &error)) {
            Ok(answer) => Ok(answer.template_body.unwrap_or_default()),
            Err(error) if error.refusal().starts_with("ChangeSetNotFound") => Ok(String::new()),
            // The stack went while we looked at it.
            Err(AwsError::Refused { code, message, .. })
                if code == "ValidationError" && message.contains("does not exist") =>
            {
                Ok(String::new())
            }
            Err(error) => Err(error),
        }
    }

    async fn unfinished_uploads(&self) -> Result<Vec<(Piece, SystemTime)>, AwsError> {
        let mut found = Vec::new();
        for prefix in [PACKAGES, TEMPLATES] {
            let (mut key, mut id) = (None, None);
            loop {
                let call = self.s3.list_multipart_uploads().bucket(self.bucket()).prefix(prefix);
                let call = call.set_key_marker(key).set_upload_id_marker(id);
                let page = call.set_expected_bucket_owner(self.owner()).send().await;
                let page =
                    match page.map_err(|error| refused("s3:ListBucketMultipartUploads", &error)) {
                        Err(error) if error.refusal() == "NoSuchBucket" => return Ok(found),
                        other => other?,
                    };
                for upload in page.uploads.unwrap_or_default() {
                    let name = upload.key.unwrap_or_default();
                    if digest_of(&name).is_none() {
                        continue;
                    }
                    let since = upload.initiated.and_then(|time| SystemTime::try_from(time).ok());
                    let id = upload.upload_id.unwrap_or_default();
                    let piece = Piece { kind: PieceKind::Upload, name, size: 0, id };
                    found.push((piece, since.unwrap_or_else(far_future)));
                }
                (key, id) = (page.next_key_marker, page.next_upload_id_marker);
                if !page.is_truncated.unwrap_or_default() || key.is_none() {
                    break;
                }
            }
        }
        Ok(found)
    }

    /// Which records stay: the newest of each stack that is there, and all of other accounts.
    fn sort_records(&self, records: Vec<Object>, stacks: &[Needs], keep: usize) -> Records {
        let mut of_stacks: BTreeMap<String, Vec<Object>> = BTreeMap::new();
        let mut sorted = Records::default();
        let own = format!("{RECORDS}{}/", self.identity.account);
        for record in records {
            let stack = record.key.strip_prefix(&own).and_then(|name| name.split_once('/'));
            match stack {
                Some((stack, _)) => of_stacks.entry(stack.to_owned()).or_default().push(record),
                None => sorted.kept.push(record),
            }
        }
        for (stack, mut records) in of_stacks {
            let needs = stacks.iter().find(|needs| needs.stack == stack);
            let keep = match needs {
                None => 0,
                // What it goes back to is the last that succeeded.
                Some(needs) if needs.may_go_back => keep.max(1),
                Some(_) => keep,
            };
            // Their keys sort by time.
            let kept = records.split_off(records.len().saturating_sub(keep));
            debug_assert!(kept.iter().all(|record| {
                record.key.starts_with(&records_of(&self.identity.account, &stack))
            }));
            if !kept.is_empty() {
                sorted.stacks.insert(stack);
            }
            sorted.kept.extend(kept);
            sorted.unused.extend(records);
        }
        sorted
    }
}

/// Records, by whether they stay.
#[derive(Debug, Default)]
struct Records {
    kept: Vec<Object>,
    unused: Vec<Object>,
    /// The stacks that have any.
    stacks: BTreeSet<String>,
}

fn piece(kind: PieceKind, object: &Object) -> Piece {
    Piece { kind, name: object.key.clone(), size: object.size, id: String::new() }
}

fn is_old(object: &Object, limits: &Limits) -> bool {
    limits.is_old(object.modified, limits.object_age())
}

/// Whether a stack of this status may yet go back to the template it had before: an update that is under
/// way, or whose rollback has not come to its end.
fn may_go_back(status: &str) -> bool {
    let is_update = status.starts_with("UPDATE_") || status.starts_with("IMPORT_");
    is_update && (!is_at_rest(status) || status.ends_with("_FAILED"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_cloudformation::types::StackStatus;

    #[test]
    fn stacks_that_may_go_back() {
        let all = StackStatus::values().iter().copied().filter(|status| may_go_back(status));
        insta::assert_snapshot!(all.collect::<Vec<_>>().join(" "), @"IMPORT_IN_PROGRESS IMPORT_ROLLBACK_FAILED IMPORT_ROLLBACK_IN_PROGRESS UPDATE_COMPLETE_CLEANUP_IN_PROGRESS UPDATE_FAILED UPDATE_IN_PROGRESS UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS UPDATE_ROLLBACK_FAILED UPDATE_ROLLBACK_IN_PROGRESS");
    }
}
