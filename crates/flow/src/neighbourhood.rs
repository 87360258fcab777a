//! What stands around an image: its base, and newer builds of both.

use plimsoll_inventory::{ImageInventory, Layers};
use plimsoll_model::{Confidence, Problem, Scope};

use crate::answers::Effort;
use crate::event::Observer;
use crate::knowledge::scopes;
use crate::newer::{NewerBuild, Standing, newer_builds};
use crate::recognition::{Descent, Recogniser};

/// What stands around an image.
#[derive(Default)]
pub(crate) struct Neighbourhood {
    pub(crate) descent: Descent,
    /// Newer builds of the image.
    pub(crate) images: Vec<NewerBuild>,
    /// Newer builds of its base.
    pub(crate) bases: Vec<NewerBuild>,
    /// What could not be asked or read of those.
    pub(crate) problems: Vec<Problem>,
}

/// Recognises the base, and looks for newer builds of the image and of that.
pub(crate) fn look_around(
    recogniser: &Recogniser<'_>,
    image: &ImageInventory,
    observer: Observer<'_>,
) -> Neighbourhood {
    let mut descent = recogniser.descent(image, observer);
    if let Some(base) = &mut descent.inventory {
        // Nobody asks for the layers below a base.
        base.layers = Layers::default();
    }
    let mut problems = Vec::new();
    let mut look = |standing: Option<Standing>| match standing {
        Some(standing) => {
            let (builds, new) = newer_builds(recogniser, &standing, observer);
            problems.extend(new);
            builds
        }
        None => Vec::new(),
    };
    let images = look(Standing::of_image(image, &descent));
    let confidence = descent.base.as_ref().map(|base| base.confidence);
    let bases = match (recogniser.effort(), confidence) {
        // A guess is not worth a request: what a newer build of it would clear could not be said.
        (Effort::Aside, Some(Confidence::Guess)) => Vec::new(),
        _ => {
            let may_ask = |name: &_| recogniser.may_ask(name, image);
            look(Standing::of_base(image, &descent, may_ask))
        }
    };
    Neighbourhood { descent, images, bases, problems }
}

impl Neighbourhood {
    /// Whose advisories judge the newer builds.
    pub(crate) fn scopes(&self) -> impl Iterator<Item = Scope> {
        let builds = self.images.iter().chain(&self.bases);
        builds.filter_map(|build| build.inventory.as_deref()).flat_map(scopes)
    }
}
