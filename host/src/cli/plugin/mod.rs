//! `phalanx plugin`: looks at plugins, and at where they come from.

mod add;
mod build;
mod doctor;
mod found;
mod grants;
mod inspect;
mod list;
mod new;
mod publish;
mod remove;
mod search;
mod shown;
mod test;
mod update;
mod vendor;
mod verify;

use clap::Subcommand;
use phalanx::hint::BoxError;

use super::output::Answer;
use super::session::Session;

/// Build plugins, look at them, share them by OCI registries, and pin them
#[derive(Debug, Subcommand)]
pub(super) enum Plugin {
    Add(add::Add),
    Build(build::Build),
    Doctor(doctor::Doctor),
    Inspect(inspect::Inspect),
    List(list::List),
    New(new::New),
    Publish(publish::Publish),
    Remove(remove::Remove),
    Search(search::Search),
    Test(test::Test),
    Update(update::Update),
    Vendor(vendor::Vendor),
    Verify(verify::Verify),
}

impl Plugin {
    pub(super) async fn run(self, session: &Session) -> Result<Answer, BoxError> {
        match self {
            Self::Add(add) => add.run(session).await,
            Self::Build(build) => build.run(session).await,
            Self::Doctor(doctor) => doctor.run(session).await,
            Self::Inspect(inspect) => inspect.run(session).await,
            Self::List(list) => list.run(session).await,
            Self::New(new) => new.run(session),
            Self::Publish(publish) => publish.run(session).await,
            Self::Remove(remove) => remove.run(session),
            Self::Search(search) => search.run(session).await,
            Self::Test(test) => test.run(session).await,
            Self::Update(update) => update.run(session).await,
            Self::Vendor(vendor) => vendor.run(session).await,
            Self::Verify(verify) => verify.run(session).await,
        }
    }
}
